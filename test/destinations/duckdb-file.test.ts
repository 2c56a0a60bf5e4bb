import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { openDatabase } from '../../src/destinations/duckdb/database.ts'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import { appendAll, createBatch, createPlan } from './batch.ts'
import { createDir } from './place.ts'
import { readSql } from './read-rows.ts'

const open = (text: string, connector = 'acme') => openDestination(parseDestination(text), connector)

async function writeOne(text: string, connector = 'acme'): Promise<void> {
  await using destination = await open(text, connector)
  await appendAll(destination, {}, [(seq) => createBatch(seq, [{ id: 1 }])])
}

test('the schema is the connector, or main in a file of its name, or what was asked for', async () => {
  const dir = await createDir()
  for (const [file, connector, schema] of [
    ['warehouse.duckdb', 'my-api', 'my_api'],
    ['acme.duckdb', 'acme', 'main'],
    ['ACME.v2.db', 'acme', 'main'],
    ['my-api.duckdb', 'my-api', 'main'],
    ['acme.duckdb#odd "schema\'s" name', 'acme', `odd "schema's" name`],
  ] as const) {
    await writeOne(`duckdb:${dir}/${file}`, connector)
    const path = `${dir}/${file.split('#')[0]}`
    const rows = await readSql(
      `SELECT schema_name AS s FROM duckdb_tables() WHERE database_name = 'db' AND table_name = 'orders'`,
      path,
    )
    assert.ok(
      rows.some(({ s }) => s === schema),
      `${file}: ${JSON.stringify(rows)}`,
    )
  }
})

test('the table can be read under the name that the surface promises', async () => {
  const dir = await createDir()
  await writeOne(`duckdb:${dir}/acme.duckdb`)
  await writeOne(`duckdb:${dir}/other.duckdb`)
  for (const name of ['acme', 'other']) {
    const rows = await readSql(
      `ATTACH '${dir}/${name}.duckdb'; USE ${name}; SELECT id, _headrace_run_id, _headrace_loaded_at::VARCHAR AS at FROM acme.orders`,
    )
    assert.deepEqual(rows, [{ id: '1', _headrace_run_id: 'run-1', at: '2024-05-01 12:00:00+00' }])
  }
})

test('many small runs take no more room than their rows', async () => {
  const path = `${await createDir()}/warehouse.duckdb`
  const sizes: number[] = []
  for (let run = 1; run <= 30; run++) {
    await writeOne(`duckdb:${path}`)
    sizes.push((await stat(path)).size)
  }
  // What one run rewrites lies beside what it replaces; blocks are of 256 KB.
  assert.ok((sizes.at(-1) as number) - (sizes[9] as number) <= 4 * 262_144, sizes.join(' '))
  assert.deepEqual(await readSql('SELECT count(*)::VARCHAR AS n FROM db.acme.orders', path), [{ n: '30' }])
})

test('who only looks leaves a file as it is, even one that could be put in order', async () => {
  const path = `${await createDir()}/warehouse.duckdb`
  for (let run = 1; run <= 10; run++) {
    const instance = await DuckDBInstance.create(path, { max_vacuum_tasks: '0' })
    const connection = await instance.connect()
    await connection.run('CREATE TABLE IF NOT EXISTS orders (id BIGINT)')
    await connection.run(`INSERT INTO orders VALUES (${run})`)
    await connection.run('CHECKPOINT')
    connection.closeSync()
    instance.closeSync()
  }
  const before = await readFile(path)
  await using database = await openDatabase(path)
  assert.deepEqual(await database.use((session) => session.read('SELECT count(*)::VARCHAR FROM target.orders')), [
    ['10'],
  ])
  await database[Symbol.asyncDispose]()
  assert.ok(before.equals(await readFile(path)))
})

test('folders that the path lies in are made', async () => {
  const dir = await createDir()
  await writeOne(`duckdb:${dir}/a/b/c.duckdb`)
  assert.ok(existsSync(`${dir}/a/b/c.duckdb`))
})

test('a closed file leaves no log and no temporary folder behind', async () => {
  const dir = await createDir()
  await writeOne(`duckdb:${dir}/a.duckdb`)
  assert.deepEqual(await readdir(dir), ['a.duckdb'])
})

test('a file that another process has open is busy', async () => {
  const dir = await createDir()
  const script = fileURLToPath(new URL('append-loop.ts', import.meta.url))
  const child = spawn(process.execPath, [script, `duckdb:${dir}/a.duckdb`], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(child.stdout, 'data')
    await assert.rejects(open(`duckdb:${dir}/a.duckdb`), { code: 'DESTINATION_BUSY', message: /a\.duckdb/ })
  } finally {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})

test('runs of one process share a file, under any of its names', async () => {
  const dir = await createDir()
  await symlink('a.duckdb', `${dir}/b.duckdb`)
  await writeOne(`duckdb:${dir}/a.duckdb`)
  {
    await using first = await open(`duckdb:${dir}/a.duckdb`)
    await using second = await open(`duckdb:${dir}/b.duckdb`, 'other')
    await Promise.all(
      [first, second].map((destination) => appendAll(destination, {}, [(seq) => createBatch(seq, [{ id: seq }])])),
    )
  }
  await using again = await open(`duckdb:${dir}/a.duckdb`)
  assert.equal((await again.readPosition('orders')).seq, 2)
})

test('what is no DuckDB file is refused, and left as it is', async () => {
  const dir = await createDir()
  await writeFile(`${dir}/a.duckdb`, 'id,name\n'.repeat(1_000))
  await assert.rejects(open(`duckdb:${dir}/a.duckdb`), { code: 'DESTINATION_FAILED', message: /is not a DuckDB file/ })
  await assert.rejects(open(`duckdb:${dir}`), { code: 'DESTINATION_FAILED' })
})

test('names that begin with _headrace_ are taken', async () => {
  const dir = await createDir()
  for (const spec of [`duckdb:${dir}/a.duckdb`, `files:${dir}`]) {
    await using destination = await open(spec)
    const table = destination.openTable(createPlan({ table: '_Headrace_commits' }))
    await assert.rejects(table, { code: 'CONFIG_INVALID' })
  }
})

test('a table of another making keeps its column types', async () => {
  const dir = await createDir()
  const path = `${dir}/a.duckdb`
  await readSql(
    `ATTACH '${path}' AS made; CREATE SCHEMA made.acme; CREATE TABLE made.acme.orders (id INTEGER, tags VARCHAR[], m MAP(VARCHAR, INTEGER), u UUID, f FLOAT)`,
  )
  const columns = [
    { name: 'id', type: 'integer' },
    { name: 'tags', type: 'array<string>' },
    { name: 'm', type: 'json' },
    { name: 'u', type: 'string' },
    { name: 'f', type: 'number' },
  ] as const
  {
    await using destination = await open(`duckdb:${path}`)
    assert.deepEqual((await destination.openTable(createPlan())).columns, columns)
    const row = { id: 1, tags: ['a', 'b'], m: { k: 1 }, u: '12345678-1234-1234-1234-123456789012', f: 0.5 }
    await appendAll(destination, {}, [(seq) => createBatch(seq, [row], { columns })])
    const tooLarge = (seq: number) => createBatch(seq, [{ id: 3_000_000_000 }], { columns })
    await assert.rejects(appendAll(destination, {}, [tooLarge]), { code: 'DESTINATION_FAILED' })
  }
  const rows = await readSql(
    `SELECT id::VARCHAR AS id, tags::VARCHAR AS tags, m::VARCHAR AS m, u::VARCHAR AS u FROM db.acme.orders`,
    path,
  )
  assert.deepEqual(rows, [{ id: '1', tags: '[a, b]', m: '{k=1}', u: '12345678-1234-1234-1234-123456789012' }])
})

test('a batch of which DuckDB reads another number of rows is rolled back whole', async () => {
  const path = `${await createDir()}/a.duckdb`
  {
    await using destination = await open(`duckdb:${path}`)
    for (const write of ['append', 'merge'] as const) {
      const plan = { write, primaryKey: write === 'merge' ? ['id'] : [] }
      const short = (seq: number) => createBatch(seq, [{ id: 1 }, { id: 2 }], { rows: 3 })
      await assert.rejects(appendAll(destination, plan, [short]), {
        code: 'DESTINATION_FAILED',
        message: /2 rows of a batch of 3/,
      })
    }
    assert.equal((await destination.readPosition('orders')).seq, 0)
  }
  assert.deepEqual(
    await readSql(`SELECT 1 FROM duckdb_tables() WHERE database_name = 'db' AND table_name = 'orders'`, path),
    [],
  )
})
