import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import type { RunRecord } from '../../src/destinations/run-record.ts'
import { connectorText, makeTempDir, runCli, servePages, startApi, startCli, untilEnd } from './support.ts'

const pages = 30

/** An API that answers at once up to `fast` pages and then tells that it was asked for more, slowly. */
async function startSlowApi(fast: number, delay: number) {
  const reached = new EventTarget()
  let isSlow = true
  const api = await startApi((request, response) => {
    const page = Number(new URL(request.url ?? '/', 'http://x').searchParams.get('page'))
    if (page <= fast || !isSlow) return servePages(pages)(request, response)
    reached.dispatchEvent(new Event('slow'))
    setTimeout(() => servePages(pages)(request, response), delay)
  })
  return { api, slow: once(reached, 'slow'), hurry: () => void (isSlow = false) }
}

suite('an interrupted run', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} once commits what was read, exits 130, and the next run misses and repeats nothing`, async () => {
      using dir = makeTempDir()
      const { api, slow } = await startSlowApi(5, 100)
      await using _ = api
      const file = dir.write('acme.yaml', connectorText(api.url))
      const child = startCli(['run', file, '--json', '--to', 'duckdb:w.duckdb'], { cwd: dir.path })
      const ended = untilEnd(child)
      await slow
      child.kill(signal)
      const { code, stdout } = await ended
      assert.equal(code, 130, stdout)
      const record = JSON.parse(stdout) as RunRecord
      assert.equal(record.status, 'handed_over')
      assert.ok((record.streams[0]?.rows ?? 0) >= 50)
      const again = await runCli(['run', file, '--json', '--to', 'duckdb:w.duckdb'], { cwd: dir.path })
      assert.equal(again.code, 0)
      assert.deepEqual(await countRows(`${dir.path}/w.duckdb`), [pages * 10, pages * 10])
    })
  }

  test('Ctrl-C twice ends it at once, though the API is still silent', async () => {
    using dir = makeTempDir()
    const { api, slow, hurry } = await startSlowApi(5, 60_000)
    await using _ = api
    const file = dir.write('acme.yaml', connectorText(api.url))
    const child = startCli(['run', file, '--to', 'duckdb:w.duckdb'], { cwd: dir.path })
    const ended = untilEnd(child)
    await slow
    const told = once(child.stderr as NodeJS.ReadableStream, 'data')
    child.kill('SIGINT')
    await told
    child.kill('SIGINT')
    const { code, stderr, stdout } = await ended
    assert.equal(code, 130, stderr + stdout)
    assert.match(stderr, /Stopping: the batch is finished.*\nStopping now/)
    hurry()
    assert.equal((await runCli(['run', file, '--to', 'duckdb:w.duckdb'], { cwd: dir.path })).code, 0)
    assert.deepEqual(await countRows(`${dir.path}/w.duckdb`), [pages * 10, pages * 10])
  })
})

/** Rows, and distinct keys among them. */
async function countRows(file: string): Promise<number[]> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  try {
    const reader = await connection.runAndReadAll('SELECT count(*), count(DISTINCT id) FROM acme.orders')
    return (reader.getRowsJS()[0] ?? []).map(Number)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
