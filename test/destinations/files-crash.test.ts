import assert from 'node:assert/strict'
import { appendFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { spawnSync } from 'node:child_process'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import { appendAll, createBatch, createPlan } from './batch.ts'
import { createDir } from './place.ts'

const open = (dir: string) => openDestination(parseDestination(`files:${dir}`), 'acme')

async function appendRows(dir: string, plan: object, ...batches: readonly Parameters<typeof appendAll>[2][number][]) {
  await using destination = await open(dir)
  await appendAll(destination, plan, batches)
}

const one =
  (id: number, more: object = {}) =>
  (seq: number) =>
    createBatch(seq, [{ id }], more)

test('rows lie in files as they were encoded, byte for byte', async () => {
  const dir = await createDir()
  const line = '{"id":1, "name" : "\\u00fc 1e5", "extra":[1.0]}'
  await appendRows(dir, {}, (seq) => createBatch(seq, [line, '{}']))
  assert.equal(await readFile(`${dir}/acme/orders/000000000001.ndjson`, 'utf8'), `${line}\n{}\n`)
})

test('a folder that bears the name of the connector holds the tables itself', async () => {
  const dir = `${await createDir()}/acme`
  await appendRows(dir, {}, one(1))
  assert.deepEqual((await readdir(dir)).toSorted(), ['_headrace_columns.ndjson', '_headrace_commits.ndjson', 'orders'])
})

test('a file whose commit was lost is removed by the next run, and written again under the same name', async () => {
  const dir = await createDir()
  await appendRows(dir, {}, one(1))
  const log = `${dir}/acme/_headrace_commits.ndjson`
  const before = await readFile(log)
  await appendRows(dir, {}, one(2))
  await writeFile(log, before)
  await writeFile(`${dir}/acme/orders/.000000000002.ndjson.part`, 'half')
  {
    await using destination = await open(dir)
    assert.equal((await destination.readPosition('orders')).seq, 1)
    await using writer = await destination.openTable(createPlan())
    assert.ok(writer)
  }
  assert.deepEqual(await readdir(`${dir}/acme/orders`), ['000000000001.ndjson'])
  await appendRows(dir, {}, one(3))
  assert.equal(await readFile(`${dir}/acme/orders/000000000002.ndjson`, 'utf8'), '{"id":3}\n')
})

test('files that the commit log does not know are not overwritten', async () => {
  const dir = await createDir()
  await appendRows(dir, {}, one(1), one(2), one(3))
  await rm(`${dir}/acme/_headrace_commits.ndjson`)
  await assert.rejects(appendRows(dir, {}, one(4)), { code: 'DESTINATION_FAILED', message: /does not know/ })
  assert.equal((await readdir(`${dir}/acme/orders`)).length, 3)
})

for (const stream of ['orders[1,2)', 'renamed']) {
  test(`streams that write the same table leave the files of one another alone: ${stream}`, async () => {
    const dir = await createDir()
    const read = async (): Promise<string[]> => {
      const table = `${dir}/acme/orders`
      const files = (await readdir(table)).toSorted()
      return (await Promise.all(files.map((name) => readFile(`${table}/${name}`, 'utf8')))).toSorted((a, b) =>
        a < b ? -1 : 1,
      )
    }
    await appendRows(dir, {}, one(1), one(2))
    await appendRows(dir, { stream }, one(3))
    await writeFile(`${dir}/acme/orders/.000000000003.ndjson.part`, 'half')
    await appendRows(dir, { stream, runId: 'cut' }, one(4))
    await appendRows(dir, { stream }, one(5, { retract: ['cut'] }))
    assert.ok((await readdir(`${dir}/acme/orders`)).includes('.000000000003.ndjson.part'), 'what another writes')
    await appendRows(dir, {}, one(6))
    assert.deepEqual(await read(), ['{"id":1}\n', '{"id":2}\n', '{"id":3}\n', '{"id":5}\n', '{"id":6}\n'])
    // One listing is put aside, and another stream replaces the table.
    await appendRows(dir, { write: 'replace', staged: true }, one(7))
    await appendRows(dir, { stream, write: 'replace', staged: true }, one(8, { complete: true }))
    assert.deepEqual(await read(), ['{"id":8}\n'])
  })
}

test('a commit line that a crash tore counts for nothing', async () => {
  const dir = await createDir()
  await appendRows(dir, {}, one(1))
  const log = `${dir}/acme/_headrace_commits.ndjson`
  await appendFile(log, '{"stream":"orders","seq":2,"chec')
  await appendRows(dir, {}, one(2))
  const lines = (await readFile(log, 'utf8')).trim().split('\n')
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { seq: number }).seq),
    [1, 2],
  )
})

test('a folder swap that a crash cut short is finished by the next run, wherever it was cut', async () => {
  const staged = { write: 'replace', staged: true } as const
  for (const cut of ['before', 'between']) {
    const dir = await createDir()
    const table = `${dir}/acme/orders`
    const staging = `${dir}/acme/._headrace_staging_orders`
    await appendRows(dir, {}, one(1))
    await cp(table, `${dir}/saved`, { recursive: true })
    await appendRows(dir, staged, one(2), one(3, { complete: true }))
    await rename(table, staging)
    if (cut === 'before') await rename(`${dir}/saved`, table)
    else await rename(`${dir}/saved`, `${staging}.old`)
    {
      await using destination = await open(dir)
      await using writer = await destination.openTable(createPlan())
      assert.ok(writer)
    }
    assert.deepEqual((await readdir(table)).toSorted(), ['000000000002.ndjson', '000000000003.ndjson'], cut)
    assert.deepEqual(
      (await readdir(`${dir}/acme`)).filter((name) => name.startsWith('.')),
      [],
      cut,
    )
  }
})

test('a retraction that a crash cut short is finished by the next run', async () => {
  const dir = await createDir()
  await appendRows(dir, { runId: 'cut' }, one(1))
  const file = `${dir}/acme/orders/000000000001.ndjson`
  const saved = await readFile(file)
  await appendRows(dir, { runId: 'again' }, one(1, { retract: ['cut'] }))
  await writeFile(file, saved)
  await using destination = await open(dir)
  await using writer = await destination.openTable(createPlan())
  assert.ok(writer)
  assert.deepEqual(await readdir(`${dir}/acme/orders`), ['000000000002.ndjson'])
})

test('a folder that a living process holds is busy, that of a dead one is taken over', async () => {
  const dir = await createDir()
  await mkdir(`${dir}/acme`, { recursive: true })
  const lock = `${dir}/acme/.headrace.lock`
  const write = (owner: object) => writeFile(lock, `${JSON.stringify({ host: hostname(), began: '', ...owner })}\n`)
  await write({ pid: process.ppid })
  await assert.rejects(open(dir), { code: 'DESTINATION_BUSY', message: /\.headrace\.lock/ })
  await write({ pid: 1, host: 'elsewhere.example' })
  await assert.rejects(open(dir), { code: 'DESTINATION_BUSY', message: /elsewhere/ })
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  for (const owner of [{ pid }, { pid: process.ppid, began: 'long ago' }, { pid: process.pid }]) {
    if ('began' in owner && process.platform !== 'linux') continue
    await write(owner)
    await (await open(dir))[Symbol.asyncDispose]()
  }
  await writeFile(lock, '')
  await (await open(dir))[Symbol.asyncDispose]()
  assert.deepEqual(await readdir(`${dir}/acme`), [])
})
