import assert from 'node:assert/strict'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import { appendAll, createBatch, createPlan } from './batch.ts'
import { createDir } from './place.ts'

const open = (dir: string) => openDestination(parseDestination(`files:${dir}`), 'acme')
const staged = { write: 'replace', staged: true } as const

async function append(dir: string, plan: object, ...batches: readonly Parameters<typeof appendAll>[2][number][]) {
  await using destination = await open(dir)
  await appendAll(destination, { ...staged, ...plan }, batches)
}

/** What the next run does first. */
async function recover(dir: string, plan: object = {}): Promise<void> {
  await using destination = await open(dir)
  const position = await destination.readPosition('orders')
  await using writer = await destination.openTable(createPlan({ ...staged, ...plan, position }))
  assert.ok(writer)
}

async function rows(dir: string): Promise<string> {
  const table = `${dir}/acme/orders`
  const texts = (await readdir(table)).toSorted().map((name) => readFile(`${table}/${name}`, 'utf8'))
  return (await Promise.all(texts)).join('')
}

const one =
  (id: number, complete: boolean) =>
  (seq: number): ReturnType<typeof createBatch> =>
    createBatch(seq, [{ id }], { complete })
const none = (seq: number): ReturnType<typeof createBatch> => createBatch(seq, [], { complete: true })

for (const [what, crash] of [
  ['nothing is in its folder', async () => undefined],
  ['its first file is in its place', async (at: string) => writeFile(`${at}/000000000002.ndjson`, '{"id":9}\n')],
  ['its first file is half written', async (at: string) => writeFile(`${at}/.000000000002.ndjson.part`, '{"i')],
] as const) {
  test(`a listing that dies before its first commit leaves the table that it was to replace alone: ${what}`, async () => {
    const dir = await createDir()
    await append(dir, {}, one(1, true))
    const staging = `${dir}/acme/._headrace_staging_orders`
    await mkdir(staging, { recursive: true })
    await crash(staging)
    await recover(dir)
    assert.equal(await rows(dir), '{"id":1}\n')
    await append(dir, {}, one(2, false), one(3, true))
    assert.equal(await rows(dir), '{"id":2}\n{"id":3}\n')
  })
}

test('a new listing that dies before its first commit leaves the staged files of the one that may be resumed', async () => {
  const dir = await createDir()
  await append(dir, {}, one(1, false), one(2, false))
  const broken = {
    path: `${dir}/nowhere`,
    flush: async () => `${dir}/nowhere`,
    [Symbol.asyncDispose]: async () => undefined,
  }
  await assert.rejects(append(dir, {}, (seq) => ({ ...createBatch(seq, [{ id: 9 }]), lines: broken as never })))
  await append(dir, { resumed: true }, one(3, true))
  assert.equal(await rows(dir), '{"id":1}\n{"id":2}\n{"id":3}\n')
})

test('a new listing takes nothing over from one that was given up, also where it dies right behind its first commit', async () => {
  const dir = await createDir()
  await append(dir, {}, one(1, false), one(2, false))
  const staging = `${dir}/acme/._headrace_staging_orders`
  await cp(staging, `${dir}/saved`, { recursive: true })
  await append(dir, {}, one(3, false))
  await cp(`${dir}/saved`, staging, { recursive: true })
  await append(dir, { resumed: true }, one(4, true))
  assert.equal(await rows(dir), '{"id":3}\n{"id":4}\n')
})

test('a complete listing without rows leaves an empty table, also where a crash comes before the swap', async () => {
  const dir = await createDir()
  await append(dir, {}, one(1, true))
  const table = `${dir}/acme/orders`
  await cp(table, `${dir}/saved`, { recursive: true })
  await append(dir, {}, none)
  assert.equal(await rows(dir), '')
  await rm(table, { recursive: true })
  await cp(`${dir}/saved`, table, { recursive: true })
  await mkdir(`${dir}/acme/._headrace_staging_orders`)
  await recover(dir)
  assert.equal(await rows(dir), '')
})

test('a listing whose staged files are gone starts again', async () => {
  const dir = await createDir()
  await append(dir, {}, one(1, false))
  await rm(`${dir}/acme/._headrace_staging_orders`, { recursive: true })
  await assert.rejects(recover(dir, { resumed: true }), { code: 'LISTING_EXPIRED' })
})

test('a column that has become another type is what the new rows say', async () => {
  const dir = await createDir()
  await append(dir, {}, one(1, true))
  const text = [{ name: 'id', type: 'string' }] as const
  await append(dir, {}, (seq) => createBatch(seq, [{ id: 'a' }], { complete: true, columns: text }))
  assert.equal(await rows(dir), '{"id":"a"}\n')
})
