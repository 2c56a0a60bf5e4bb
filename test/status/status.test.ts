import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { openRunPage, openStatusPage, readStatus } from '../../src/status/index.ts'
import { createHistory, judgeStream } from '../../src/status/health.ts'
import { createLog } from '../../src/base/log.ts'
import { readSchedule } from '../../src/status/schedule.ts'
import { createTroubleReport } from '../../src/status/troubles.ts'
import type { RunRecord } from '../../src/destinations/run-record.ts'
import { connectorText, makeTempDir, runCli, servePages, startApi } from '../cli/support.ts'
import { createAppAt, day, hour, minute, runAt, runRecordOf, streamRecordOf } from './support.ts'

const start = Date.parse('2026-11-10T06:00:00Z')

const runAfter = (ms: number, rest: Partial<RunRecord> = {}): RunRecord =>
  runRecordOf({
    started_at: new Date(start + ms).toISOString(),
    finished_at: new Date(start + ms + minute).toISOString(),
    ...rest,
  })

const failedRun = (ms: number): RunRecord =>
  runAfter(ms, {
    status: 'failed',
    streams: [streamRecordOf({ status: 'failed', error: { code: 'API_REFUSED', message: 'no' } })],
  })

suite('the state of a stream', () => {
  test('a stream is late once its schedule has passed without a success, by that much, with some patience', async () => {
    const nextFiring = await readSchedule({ cron: '0 7 * * *', time_zone: 'Europe/Berlin' })
    const history = createHistory([runAfter(0)], { nextFiring })
    const at = (ms: number) => judgeStream('orders', history, start + ms)
    assert.equal(at(day).state, 'ok')
    assert.equal(at(day + 5 * minute).state, 'ok')
    assert.deepEqual([at(day + hour).state, at(day + hour).late_seconds], ['late', 3600])
  })

  test('a schedule goes by the clocks of its time zone, over the change to summer time', async () => {
    const next = await readSchedule({ cron: '30 2 * * *', time_zone: 'Europe/Berlin' })
    assert.equal(next?.(Date.parse('2026-07-01T12:00:00Z')), Date.parse('2026-07-02T00:30:00Z'))
    assert.equal(next?.(Date.parse('2026-12-01T12:00:00Z')), Date.parse('2026-12-02T01:30:00Z'))
    assert.equal(await readSchedule({ cron: '61 * * * *', time_zone: 'Etc/UTC' }), undefined)
  })

  test('what failed last is failed since the first failure in a row, and knows its last success', () => {
    const runs = [failedRun(3 * hour), failedRun(2 * hour), runAfter(hour), failedRun(0)]
    const health = judgeStream('orders', createHistory(runs), start + 4 * hour)
    assert.equal(health.state, 'failed')
    assert.equal(health.failing_since, runs[1]?.started_at)
    assert.equal(health.last_success, runs[2]?.finished_at)
    assert.equal(health.error?.code, 'API_REFUSED')
  })

  test('a run that could not start at all is a failure of each stream', () => {
    const runs = [
      runAfter(hour, { status: 'failed', streams: [], error: { code: 'SECRET_MISSING', message: 'x' } }),
      runAfter(0),
    ]
    assert.equal(judgeStream('orders', createHistory(runs), start + 2 * hour).error?.code, 'SECRET_MISSING')
  })

  test('a stream is empty when all that it brought within the time is too little, and not before that time is over', () => {
    const none = { streams: [streamRecordOf({ rows: 1 })] }
    const expect = { every: day, min_rows: 10 }
    const runs = Array.from({ length: 9 }, (_, at) => runAfter((8 - at) * 3 * hour, none))
    const at = (ms: number, min_rows = 10) =>
      judgeStream('orders', createHistory(runs, { expect: { ...expect, min_rows } }), start + ms).state
    assert.equal(at(24 * hour - 1), 'ok')
    assert.equal(at(24 * hour + 2 * minute), 'empty')
    assert.equal(at(24 * hour + 2 * minute, 8), 'ok')
    assert.equal(at(60 * hour), 'late')
  })

  test('a run that goes on later is no success and no failure; what never ran is said to', () => {
    const runs = [
      runAfter(hour, { status: 'handed_over', streams: [streamRecordOf({ status: 'handed_over' })] }),
      runAfter(0),
    ]
    assert.equal(judgeStream('orders', createHistory(runs), start + 2 * hour).state, 'continues')
    assert.equal(judgeStream('other', createHistory(runs), start + 2 * hour).state, 'never')
  })
})

test('a look at the status logs what is late or silent, which no run would say, and not at each look', () => {
  const lines: unknown[] = []
  const log = createLog({
    level: 'info',
    format: 'json',
    redact: (text) => text,
    write: (line) => lines.push(JSON.parse(line)),
  })
  let now = start
  const report = createTroubleReport(log, () => now)
  const streamOf = (state: 'late' | 'empty' | 'ok' | 'failed', stream: string) => ({
    stream,
    state,
    commits: 0,
    committed_at: null,
    cursor: null,
    open: false,
    warnings: [],
    ...(state === 'late' && { late_seconds: 7_200 }),
  })
  const streams = [
    streamOf('late', 'orders'),
    streamOf('empty', 'items'),
    streamOf('ok', 'users'),
    streamOf('failed', 'x'),
  ]
  const status = { connectors: [{ name: 'acme', connector: 'acme', state: 'late' as const, streams, runs: [] }] }
  report(status)
  now += minute
  report(status)
  assert.deepEqual(
    lines.map((line) => [(line as { severity: string }).severity, (line as { message: string }).message]),
    [
      ['ERROR', 'acme / orders is 2 h late: no run has succeeded since one was due'],
      ['ERROR', 'acme / items has brought fewer rows than its connector expects'],
    ],
  )
  now += hour
  report(status)
  assert.equal(lines.length, 4)
})

suite('headrace status, after real runs', () => {
  test('--html writes one file that holds everything; the text and the JSON tell the same', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(2))
    dir.write('acme.yaml', connectorText(api.url, 'schedule: { cron: "* * * * *" }\n'))
    const env = { HEADRACE_CONNECTORS: dir.path, HEADRACE_DESTINATION: `duckdb:${join(dir.path, 'a.duckdb')}` }
    assert.equal((await runCli(['run', 'acme'], { env })).code, 0)
    const path = join(dir.path, 'status.html')
    const ended = await runCli(['status', '--html', path], { env })
    assert.equal(ended.code, 0, ended.stderr)
    assert.match(ended.stdout, /orders +ok/)
    const html = readFileSync(path, 'utf8')
    assert.match(html, /^<!DOCTYPE html>/)
    assert.match(html, /http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;/)
    assert.match(html, /All streams are well/)
    const app = createAppAt(Date.now(), { dir: dir.path, env })
    const { connectors } = await readStatus(app, {})
    assert.equal(connectors[0]?.streams[0]?.state, 'ok')
    assert.ok(html.includes(`id="run-${connectors[0]?.runs[0]?.run_id}"`))
    const missing = await runCli(['status', '--html', join(dir.path, 'no/such/folder.html')], { env })
    assert.equal(missing.code, 2)
  })

  test('what is read again is read anew once another run has ended, and a run has its page', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(1))
    dir.write('acme.yaml', connectorText(api.url))
    for (const destination of ['duckdb:a.duckdb', 'files:out']) {
      const [kind = '', name = ''] = destination.split(':')
      const env = { HEADRACE_CONNECTORS: dir.path, HEADRACE_DESTINATION: `${kind}:${join(dir.path, name)}` }
      const app = createAppAt(Date.now(), { dir: dir.path, env })
      const count = async () => (await readStatus(app, {})).connectors[0]?.runs.length
      assert.equal(await count(), 0)
      for (let runs = 1; runs <= 2; runs++) {
        assert.equal((await runCli(['run', 'acme'], { env })).code, 0)
        assert.equal(await count(), runs)
        assert.equal(await count(), runs)
      }
      const { connectors } = await readStatus(app, {})
      const id = connectors[0]?.runs[1]?.run_id ?? ''
      const viewer = { csrf: 'x', mayRun: true }
      for (const query of [new URLSearchParams(), new URLSearchParams({ connector: 'acme' })])
        assert.match((await openRunPage(app, id, { query, viewer })).html, new RegExp(id))
      await assert.rejects(openRunPage(app, 'none', { query: new URLSearchParams(), viewer }), {
        code: 'CONNECTOR_NOT_FOUND',
      })
    }
  })

  test('what another process is writing is told as it was known before, else as being written, and is no failure', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(1))
    dir.write('acme.yaml', connectorText(api.url))
    const options = { dir: dir.path, env: { HEADRACE_DESTINATION: `files:${dir.path}/out` } }
    await runAt(start, 'acme', options)
    const lock = join(dir.path, 'out', 'acme', '.headrace.lock')
    const read = async (now: number) => (await readStatus(createAppAt(now, options), {})).connectors[0]
    dir.write('out/acme/.headrace.lock', JSON.stringify({ host: 'elsewhere', pid: 1, began: '' }))
    const unknown = await read(start + minute)
    assert.deepEqual([unknown?.state, unknown?.busy, unknown?.error], ['busy', true, undefined])
    const page = await openStatusPage(createAppAt(start + minute, options), new URLSearchParams(), { mayRun: false })
    assert.match(page.html, /1 of 1 stream is being written/)
    rmSync(lock)
    assert.deepEqual([(await read(start + minute))?.state, (await read(start + minute))?.busy], ['ok', undefined])
    dir.write('out/acme/.headrace.lock', JSON.stringify({ host: 'elsewhere', pid: 1, began: '' }))
    const before = await read(start + hour)
    assert.deepEqual([before?.state, before?.busy, before?.runs.length], ['ok', true, 1])
  })

  test('a query cannot reach another file, nor what the viewer may not see', async () => {
    using dir = makeTempDir()
    dir.write('acme.yaml', connectorText('http://127.0.0.1:1'))
    dir.write('secret.yaml', connectorText('http://127.0.0.1:1'))
    const app = createAppAt(Date.now(), { dir: dir.path })
    const viewer = { mayRun: false, maySee: (name: string) => name === 'acme' }
    for (const connector of ['../secret', join(dir.path, 'secret.yaml'), 'secret', 'nothing', ''])
      await assert.rejects(openStatusPage(app, new URLSearchParams({ connector }), viewer), {
        code: 'CONNECTOR_NOT_FOUND',
      })
    for (const part of ['0', '-1', 'x', '1e99'])
      await assert.rejects(openStatusPage(app, new URLSearchParams({ part }), viewer), { code: 'REQUEST_INVALID' })
    assert.doesNotMatch((await openStatusPage(app, new URLSearchParams(), viewer)).html, /secret/)
  })
})
