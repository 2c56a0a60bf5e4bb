import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { StatusReport } from '../../src/status/status-report.ts'
import type { RunRecord } from '../../src/destinations/run-record.ts'
import { makeTempDir, sendJson, startApi } from '../cli/support.ts'
import { freePort } from '../support/free-port.ts'
import { queueName, skipTasks, startTasks, type TasksEmulator } from '../support/tasks/tasks.ts'
import { startServe } from '../triggers/support.ts'

const pages = 12

/** Slow enough that a run of a second reads a part of it only. */
const api = () =>
  startApi((request, response) => {
    const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page') ?? 1)
    const rows = Array.from({ length: page > pages ? 0 : 10 }, (_, at) => ({ id: page * 100 + at }))
    globalThis.setTimeout(() => sendJson(response, 200, { data: rows }), 200)
  })

suite('a run that stops at its budget', { skip: skipTasks }, () => {
  let emulator: TasksEmulator
  before(async () => {
    emulator = await startTasks()
  })
  after(() => emulator?.[Symbol.asyncDispose]())

  test('hands the rest to the queue, which calls until every row is there, once', async () => {
    using dir = makeTempDir()
    await using provider = await api()
    dir.write(
      'acme.yaml',
      `name: acme
base_url: ${provider.url}
streams:
  - name: orders
    path: /orders
    write: append
    rows: $.data[*]
    paginator: { type: page_number, param: page }
`,
    )
    const port = await freePort()
    await using service = await startServe({
      cwd: dir.path,
      port,
      env: {
        HEADRACE_CONNECTORS: dir.path,
        HEADRACE_DESTINATION: 'duckdb:w.duckdb',
        HEADRACE_BUDGET_SECONDS: '1',
        HEADRACE_QUEUE: queueName,
        HEADRACE_URL: `http://127.0.0.1:${port}`,
        HEADRACE_TASKS_ENDPOINT: emulator.endpoint,
      },
    })
    const response = await fetch(`${service.url}/run/acme`, { method: 'POST' })
    const first = (await response.json()) as RunRecord
    assert.deepEqual([response.status, first.status], [202, 'handed_over'], JSON.stringify(first))
    const runs = await untilComplete(service.url)
    assert.ok(runs.length > 2, `${runs.length} runs`)
    assert.ok(runs.slice(0, -1).every(({ trigger }) => trigger === 'task'))
    assert.equal(
      runs.reduce((sum, run) => sum + (run.streams[0]?.rows ?? 0), 0),
      pages * 10,
    )
  })
})

/** The runs, newest first, once one is complete; the test's own time limit ends a wait that is in vain. */
async function untilComplete(url: string): Promise<readonly RunRecord[]> {
  for (;;) {
    const report = (await (await fetch(`${url}/status.json`)).json()) as StatusReport
    const runs = report.connectors[0]?.runs ?? []
    assert.ok(
      runs.every(({ status }) => status !== 'failed'),
      JSON.stringify(runs),
    )
    if (runs[0]?.status === 'complete') return runs
    await setTimeout(100)
  }
}
