import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { makeRow, makeRows, startProvider } from '../support/provider.ts'
import { makeTempDir, runCli, type TempDir } from './support.ts'

const at = (index: number): string => String(makeRow(index)['updated_at'])

const connector = (url: string, ...rest: readonly string[]): string => `name: acme
base_url: ${url}
streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
    params: { updated_since: "{{ cursor }}" }
    incremental: { cursor: updated_at }
${rest.map((line) => `    ${line}\n`).join('')}`

async function headrace(dir: TempDir, ...args: readonly string[]) {
  const { code, stdout, stderr } = await runCli([...args, '--to', 'duckdb:w.duckdb', '--json'], { cwd: dir.path })
  return { code, stderr, answer: JSON.parse(stdout) as Record<string, unknown> & Answer }
}

interface Answer {
  readonly error?: { readonly code: string; readonly message: string }
  readonly streams: readonly (Record<string, unknown> & { readonly rows: number; readonly stream: string })[]
}

suite('headrace state', () => {
  test('show says where each stream stands and what that belongs to, and makes no file', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using dir = makeTempDir()
    const file = dir.write('acme.yaml', connector(provider.url, 'primary_key: [id]'))
    assert.deepEqual((await headrace(dir, 'state', 'show', file)).answer.streams, [])
    assert.ok(!existsSync(join(dir.path, 'w.duckdb')))
    await headrace(dir, 'run', file)
    const [shown] = (await headrace(dir, 'state', 'show', file, 'rows')).answer.streams
    assert.equal(shown?.['cursor'], at(9))
    assert.equal(shown?.['version'], 2)
    assert.equal((shown?.['identity'] as { cursor: string } | undefined)?.cursor, 'updated_at')
    const { code, stdout } = await runCli(['state', 'show', file, '--to', 'duckdb:w.duckdb'], { cwd: dir.path })
    assert.equal(code, 0)
    assert.match(stdout, /^stream +cursor +commits[^\n]*\nrows +2024-01-01T00:00:09\.000Z +1 /)
  })

  test('set makes the next run go on from there, of whatever the file says now, and is recorded with who and when', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using dir = makeTempDir()
    const file = dir.write('acme.yaml', connector(provider.url, 'primary_key: [id]'))
    await headrace(dir, 'run', file)
    dir.write('acme.yaml', connector(provider.url, 'primary_key: [id]').replace('path: /rows', 'path: /v2/rows'))
    const stopped = await headrace(dir, 'run', file)
    assert.equal(stopped.code, 1)
    const set = await headrace(dir, 'state', 'set', file, 'rows', at(4), '--by', 'ada')
    assert.equal(set.code, 0)
    assert.deepEqual(
      [set.answer['from'], set.answer['to'], set.answer['seq'], set.answer['by']],
      [at(9), at(4), 2, 'ada'],
    )
    const [shown] = (await headrace(dir, 'state', 'show', file)).answer.streams
    assert.equal((shown?.['set'] as { by: string } | undefined)?.by, 'ada')
    provider.watch()
    assert.equal((await headrace(dir, 'run', file)).code, 0)
    assert.match(decodeURIComponent(provider.received[0]?.url ?? ''), new RegExp(`^/v2/rows.*updated_since=${at(4)}`))
  })

  test('set moves an append stream on, and refuses to move it back, as rows would come twice', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using dir = makeTempDir()
    const file = dir.write('acme.yaml', connector(provider.url))
    await headrace(dir, 'run', file)
    const back = await headrace(dir, 'state', 'set', file, 'rows', at(4))
    assert.equal(back.code, 2)
    assert.match(
      back.answer.error?.message ?? '',
      /appends and has come to .* would come twice: headrace state reset acme rows/,
    )
    provider.setRows(makeRows(20))
    assert.equal((await headrace(dir, 'state', 'set', file, 'rows', at(15))).code, 0)
    assert.equal((await headrace(dir, 'run', file)).answer.streams[0]?.rows, 5)
    assert.equal((await headrace(dir, 'run', file)).answer.streams[0]?.rows, 0)
  })

  test('set and reset take back what an append stream has brought of a listing that they give up', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using dir = makeTempDir()
    const file = dir.write('acme.yaml', connector(provider.url))
    await headrace(dir, 'run', file)
    provider.setRows(makeRows(20))
    await headrace(dir, 'run', file, '--limit', '3')
    await headrace(dir, 'state', 'set', file, 'rows', at(9))
    assert.equal((await headrace(dir, 'run', file)).answer.streams[0]?.rows, 10)
  })

  test('reset makes the next run read everything again, and the table of an append stream new', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using dir = makeTempDir()
    for (const rest of [[], ['primary_key: [id]']]) {
      const file = dir.write(
        'acme.yaml',
        connector(provider.url, ...rest, `table: t${rest.length}`).replace('name: rows', `name: rows${rest.length}`),
      )
      const name = `rows${rest.length}`
      await headrace(dir, 'run', file)
      assert.equal((await headrace(dir, 'state', 'reset', file, name)).answer['to'], null)
      assert.equal((await headrace(dir, 'run', file)).answer.streams[0]?.rows, 10)
      assert.equal((await headrace(dir, 'run', file)).answer.streams[0]?.rows, rest.length === 0 ? 0 : 1)
      const { DuckDBInstance } = await import('@duckdb/node-api')
      const instance = await DuckDBInstance.create(join(dir.path, 'w.duckdb'))
      const connection = await instance.connect()
      const reader = await connection.runAndReadAll(`SELECT count(*) FROM acme.t${rest.length}`)
      assert.equal(Number(reader.getRows()[0]?.[0]), 10)
      connection.closeSync()
      instance.closeSync()
    }
  })

  test('is refused while a run is under way', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using dir = makeTempDir()
    const file = dir.write('acme.yaml', connector(provider.url))
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    const asked = new Promise<void>((resolve) => provider.watch(() => resolve()))
    provider.setFault(() => async ({ response, body, headers }) => {
      await released
      response.writeHead(200, headers).end(body)
    })
    const run = headrace(dir, 'run', file)
    await asked
    const set = await headrace(dir, 'state', 'set', file, 'rows', at(4))
    release()
    assert.equal(set.answer.error?.code, 'DESTINATION_BUSY')
    assert.equal(set.code, 1)
    assert.equal((await run).code, 0)
  })

  test('what makes no sense is refused', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using dir = makeTempDir()
    const file = dir.write('acme.yaml', connector(provider.url, 'primary_key: [id]').replace('updated_at', 'id'))
    await headrace(dir, 'run', file)
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['set', file, 'rows', 'yesterday'], /yesterday is no cursor of stream rows of acme: give one like 10/],
      [['set', file, 'row', '3'], /no stream row .*did you mean rows/],
      [['set', file, 'rows', '3', '--slice', 'x'], /has no cursor for each slice: leave --slice out/],
    ]
    for (const [args, words] of cases) {
      const { code, answer } = await headrace(dir, 'state', ...args)
      assert.equal(code, 2)
      assert.match(answer.error?.message ?? '', words)
    }
  })
})
