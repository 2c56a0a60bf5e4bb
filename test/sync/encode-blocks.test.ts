import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acquireBuffer } from '../../src/base/buffers.ts'
import { RowCollector } from '../../src/decode/page-rows.ts'
import { Spool } from '../../src/base/spool.ts'
import { TableSchema } from '../../src/schema/table-schema.ts'
import { encodePage } from '../../src/sync/encode-page.ts'

const spilled = 24 * 1024 * 1024

/** A page in memory from `takeBlock`, as the scanner makes it; its second row is odd. */
async function createPage(rows: number) {
  const lines = Array.from({ length: rows }, (_, at) => `{"id":${at === 1 ? ' 9007199254740993' : at}}\n`)
  const block = acquireBuffer(lines.join('').length)
  block.write(lines.join(''))
  const collected = new RowCollector()
  const [first = '', second = ''] = lines
  const odd = Uint32Array.of(first.length, first.length + second.length - 1)
  await collected.add({ lines: block, count: rows, nonConforming: odd, entries: new Uint32Array(0) })
  return { page: collected.finish(), collected, block }
}

test('a batch that moves to its file in the middle of a page keeps the rows that follow', async () => {
  const schema = new TableSchema({
    where: 'stream rows of api',
    policy: 'evolve',
    columns: {},
    primaryKey: [],
    cursor: undefined,
    live: [{ name: 'id', type: 'integer' }],
    names: [],
  })
  const { page } = await createPage(1000)
  await using rows = page
  const rules = {
    schema,
    primaryKey: [],
    order: undefined,
    boundary: undefined,
    extra: [],
    highest: null,
    began: 0,
    now: 0,
  }
  const encoded = await encodePage(rows, { ...rules, where: 'page 1' })
  await using batch = new Spool()
  await batch.write(Buffer.alloc(spilled, ' '))
  await batch.take(encoded.lines)
  // The page after it comes in.
  acquireBuffer(64 * 1024).fill('Z')
  const chunks: Uint8Array[] = []
  for await (const chunk of batch.read()) chunks.push(chunk)
  const ids = Buffer.concat(chunks)
    .toString()
    .trim()
    .split('\n')
    .map((line) => String((JSON.parse(line) as { id: unknown }).id))
  assert.deepEqual(
    ids,
    Array.from({ length: 1000 }, (_, at) => (at === 1 ? '9007199254740993' : String(at))),
  )
})

test('the last row of a page is known also when the page has moved to its file', async () => {
  const { collected, page } = await createPage(10)
  await using rows = page
  await rows.lines.write(Buffer.alloc(spilled, ' '))
  acquireBuffer(64 * 1024).fill('Z')
  assert.deepEqual(rows.last(), { id: 9 })
  assert.equal(collected.count, 10)
})

test('a batch that stayed in memory gives its blocks to the pages after it once it is written, and not before', async () => {
  const block = acquireBuffer(64 * 1024)
  const batch = new Spool()
  await batch.write(block)
  const page = new Spool()
  await page.take(batch)
  await batch[Symbol.asyncDispose]()
  assert.notEqual(acquireBuffer(64 * 1024).buffer, block.buffer, 'the page holds it now')
  await page[Symbol.asyncDispose]()
  assert.equal(acquireBuffer(64 * 1024).buffer, block.buffer)
})
