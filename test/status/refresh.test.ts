import assert from 'node:assert/strict'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import { keepFresh, prepareFirstLook, readStatus } from '../../src/status/index.ts'
import { keepLogs, recallLast } from '../../src/status/log-cache.ts'
import { refreshLogs } from '../../src/status/logs.ts'
import { loadKnown } from '../../src/status/sources.ts'
import { connectorText, makeTempDir, sendJson, startApi } from '../cli/support.ts'
import { createAppAt, runRecordOf } from './support.ts'

suite('what was looked at', () => {
  test('is read again once it has changed, and what is gone is not made again', async () => {
    await using subject = await makeSubject()
    const { app, save, known } = subject
    await save('first')
    await refreshLogs(app)
    assert.deepEqual(known(), undefined)
    await readStatus(app, {})
    await save('second')
    assert.deepEqual(known(), ['first'])
    await refreshLogs(app)
    assert.deepEqual(known(), ['second', 'first'])
    writeFileSync(`${subject.path}.wal`, '')
    rmSync(subject.path)
    await refreshLogs(app)
    assert.ok(!existsSync(subject.path))
  })

  test('is kept fresh while somebody looks', { timeout: 60_000 }, async () => {
    await using subject = await makeSubject()
    const { app, save, known } = subject
    await save('first')
    await readStatus(app, {})
    keepFresh({ ...app, effects: { ...app.effects, now: Date.now } })
    await save('second')
    while (known()?.length !== 2) await setTimeout(10)
    assert.deepEqual(known(), ['second', 'first'])
  })

  test('is ready before the first look where that was prepared', async () => {
    await using subject = await makeSubject()
    await subject.save('first')
    await prepareFirstLook(subject.app)
    assert.deepEqual(subject.known(), ['first'])
  })

  test('is left alone in folders, whose lock would stay behind if the process ended in the middle', async () => {
    await using subject = await makeSubject('files')
    await subject.save('first')
    await prepareFirstLook(subject.app)
    assert.deepEqual(subject.known(), undefined)
    await readStatus(subject.app, {})
    await subject.save('second')
    await refreshLogs(subject.app)
    assert.deepEqual(subject.known(), ['first'])
  })

  test('is left alone where a look costs money', async () => {
    using dir = makeTempDir()
    const connector = await loadKnown(dir.write('acme.yaml', connectorText('http://127.0.0.1:1')))
    await using api = await startApi((_, response) => sendJson(response, 400, { error: { message: 'no' } }))
    const spec = 'bigquery:project.dataset'
    const env = { HEADRACE_DESTINATION: spec, HEADRACE_BIGQUERY_ENDPOINT: api.url }
    const app = createAppAt(Date.now(), { dir: dir.path, env })
    const look = async (ahead: boolean) => (await readStatus(app, { ahead })).connectors[0]?.state
    assert.equal(await look(true), 'never')
    keepLogs([{ connector, spec, logs: { runs: [], positions: [] }, limit: 1, version: '', at: 0 }])
    await refreshLogs(app)
    assert.deepEqual(api.requests, [])
    assert.equal(await look(false), 'failed')
    assert.ok(api.requests.length > 0)
  })
})

/** A connector and where its bookkeeping lies. */
async function makeSubject(kind: 'duckdb' | 'files' = 'duckdb') {
  const dir = makeTempDir()
  const path = join(dir.path, 'warehouse')
  const spec = `${kind}:${path}`
  const connector = await loadKnown(dir.write('acme.yaml', connectorText('http://127.0.0.1:1')))
  return {
    path,
    app: createAppAt(Date.now(), { dir: dir.path, env: { HEADRACE_DESTINATION: spec } }),
    /** Has a run recorded. */
    save: async (run_id: string): Promise<void> => {
      await using destination = await openDestination(parseDestination(spec), 'acme')
      await destination.saveRun(runRecordOf({ run_id, started_at: new Date(Date.now()).toISOString() }))
    },
    /** What the next look need not read; newest first. */
    known: () => recallLast({ connector, spec })?.logs.runs.map((run) => run.run_id),
    [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
  }
}
