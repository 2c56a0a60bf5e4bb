import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { prepareAlert } from '../../src/alerts/index.ts'
import { type App, createApp } from '../../src/run/app.ts'
import { systemEffects } from '../../src/base/effects.ts'
import type { StreamRecord, RunRecord } from '../../src/destinations/run-record.ts'
import { runConnector } from '../../src/run/run.ts'
import { runRequest } from '../../src/destinations/run-request.ts'

export const chromiumPath = '/usr/bin/chromium'
const required = Boolean(process.env['HEADRACE_REQUIRE_ALL'])

/** Why tests that need a browser do not run; undefined where they do. */
export const noBrowser: string | undefined =
  existsSync(chromiumPath) || required ? undefined : `${chromiumPath} is not installed`

const browserFlags =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(
    ' ',
  )

/** A browser that speaks to nobody but the tests. */
export async function startBrowser() {
  const { chromium } = await import('playwright-core')
  return chromium.launch({
    executablePath: chromiumPath,
    args: browserFlags,
  })
}

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

/** An app whose clock stands still at `now`. */
export function createAppAt(now: number, { dir, env = {} }: { dir: string; env?: Record<string, string> }): App {
  const app = createApp(
    { HEADRACE_CONNECTORS: dir, ...env },
    { logLevel: 'silent', writeLog: () => undefined, connectorsDir: dir },
  )
  return { ...app, effects: { ...systemEffects, now: () => now } }
}

/** A real run of a connector, with its alerts, at a moment of the test's choosing. */
export function runAt(now: number, connector: string, options: { dir: string; env?: Record<string, string> }) {
  const never = new AbortController().signal
  return runConnector(runRequest.parse({ connector }), createAppAt(now, options), {
    trigger: 'http',
    runId: randomUUID(),
    stop: { soft: never, hard: never },
    prepareAlert,
  })
}

export const streamRecordOf = (rest: Partial<StreamRecord> = {}): StreamRecord => ({
  stream: 'orders',
  status: 'complete',
  rows: 100,
  rejected: 0,
  pages: 3,
  requests: 4,
  retries: 1,
  bytes: 40_000,
  cursor: { from: '2026-11-19T06:00:00Z', to: '2026-11-20T06:00:00Z' },
  schema_changes: [],
  warnings: [],
  ...rest,
})

export const runRecordOf = (rest: Partial<RunRecord> = {}): RunRecord => ({
  run_id: randomUUID(),
  connector: 'acme',
  trigger: 'http',
  status: 'complete',
  started_at: '2026-11-20T06:00:00.000Z',
  finished_at: '2026-11-20T06:00:42.000Z',
  budget_seconds: null,
  streams: [streamRecordOf()],
  ...rest,
})
