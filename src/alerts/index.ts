import { parse } from 'node:path'
import type { App } from '../run/app.ts'
import type { AlertRequest, SendAlert } from '../run/run.ts'
import { toSyncError } from '../base/errors.ts'
import { readHistory } from '../status/history.ts'
import type { RunRecord } from '../destinations/run-record.ts'
import { findChanges } from './changes.ts'
import { mailAlert } from './mail.ts'
import { type Alert, createAlert } from './message.ts'
import { type Target, readTargets } from './targets.ts'
import { postAlert } from './webhook.ts'

/** Runs that are looked at to tell whether a failure is news. */
const runsBack = 50

/** Failures of a warehouse that cannot be opened, hence not asked either whether they are news. */
const told = new WeakMap<App['redactor'], Set<string>>()

/**
 * Decides, while the destination is open, whether a run that is on record has changed anything that somebody should hear
 * of; undefined where not, or where nobody wants to. Never throws: an alert is no reason for a run to fail.
 */
export async function prepareAlert(request: AlertRequest, app: App): Promise<SendAlert | undefined> {
  const { run, connector, destination } = request
  const text = app.env['HEADRACE_ALERTS'] ?? ''
  if (text.trim() === '' && !connector.alerts?.length) return undefined
  try {
    const streams = connector.streams.map(({ name }) => name)
    const { expect } = connector
    const runs = destination
      ? await readHistory(destination, connector, { limit: runsBack, now: Date.parse(run.finished_at) })
      : []
    const warnings = wantsWarnings(connector.name, app)
    const changes = findChanges(run, runs, { streams, warnings, ...(expect && { expect }) })
    if (changes.length === 0 || (!destination && !isNews(connector.name, app))) return undefined
    if (destination) told.get(app.redactor)?.delete(connector.name)
    const alert = redactAlert(createAlert(run, changes, pageOf(run, connector, app)), app)
    return () => sendAlert(alert, { app, connector, text })
  } catch (thrown) {
    report(thrown, app, connector.name)
    return undefined
  }
}

/** `HEADRACE_ALERTS_ON`: `failures`, or `failures,warnings`. A word that is not known is logged, and failures are told all the same. */
function wantsWarnings(connector: string, { env, log }: App): boolean {
  const words = (env['HEADRACE_ALERTS_ON'] ?? '').split(/[\s,]+/).filter((word) => word !== '')
  const unknown = words.find((word) => word !== 'failures' && word !== 'warnings')
  if (unknown !== undefined)
    log.error(
      { connector },
      `HEADRACE_ALERTS_ON has ${JSON.stringify(unknown)}: expected failures or failures,warnings.`,
    )
  return words.includes('warnings')
}

/** A service knows a connector by its file, which may bear another name than it. */
function pageOf({ run_id: id }: RunRecord, { file }: AlertRequest['connector'], { env }: App): string | undefined {
  const service = env['HEADRACE_URL']?.replace(/\/$/, '')
  return service && `${service}/runs/${encodeURIComponent(id)}?connector=${encodeURIComponent(parse(file).name)}`
}

interface Sending {
  readonly app: App
  readonly connector: AlertRequest['connector']
  readonly text: string
}

async function sendAlert(alert: Alert, { app, connector, text }: Sending): Promise<void> {
  // Not the run's own signal: that it was stopped is no reason for silence.
  const signal = AbortSignal.timeout(30_000)
  try {
    const store = app.secretStore(connector)
    const targets = await readTargets(text, connector.alerts ?? [], { store, redactor: app.redactor, signal })
    const send = (target: Target): Promise<void> =>
      target.type === 'mail'
        ? mailAlert(alert, target)
        : postAlert(alert, target.url, { dispatcher: app.dispatcher, effects: app.effects, signal })
    for (const result of await Promise.allSettled(targets.map(send)))
      if (result.status === 'rejected') report(result.reason, app, connector.name)
  } catch (thrown) {
    report(thrown, app, connector.name)
  }
}

function isNews(connector: string, { redactor }: App): boolean {
  const known = told.get(redactor) ?? new Set()
  told.set(redactor, known)
  if (known.has(connector)) return false
  known.add(connector)
  return true
}

function report(thrown: unknown, { log }: App, connector: string): void {
  const error = toSyncError(thrown)
  log.error({ connector, code: error.code }, `${connector}: the alert was not sent: ${error.message}`)
}

/** What a provider said may quote a credential. */
function redactAlert(alert: Alert, { redactor }: App): Alert {
  const text = JSON.stringify(alert, (_, value: unknown) =>
    typeof value === 'string' ? redactor.redact(value) : value,
  )
  return JSON.parse(text) as Alert
}
