import { open, truncate } from 'node:fs/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { request } from 'undici'
import { RowScanner } from '../../src/decode/row-scanner.ts'
import { selectOrders } from './orders-table.ts'

// What no run can be below: the rows of the workload by the same libraries and the same scanner into the same tables,
// with their types known beforehand, and nothing else. No checkpoint, no retry, no bound on memory, no row that differs.
// Usage: node bare.ts URL NDJSON DUCKDB

const [url, ndjson, duckdb] = process.argv.slice(2) as [string, string, string]
const loadSize = 64 * 1024 * 1024
const rows = selectOrders(ndjson)

const instance = await DuckDBInstance.create(duckdb, { threads: '1', preserve_insertion_order: 'false' })
const connection = await instance.connect()
const file = await open(ndjson, 'w')
await connection.run(`CREATE TABLE orders AS ${rows} LIMIT 0`)
let held = 0

async function load(): Promise<void> {
  await connection.run(`INSERT INTO orders ${rows}`)
  await truncate(ndjson)
  held = 0
}

for (let page = 1, pages = 1; page <= pages; page++) {
  const { body } = await request(`${url}&page=${page}`)
  const scanner = RowScanner.acquire({ columns: [] }, { lines: false, listing: false })
  let begun = false
  const lines: Uint8Array[] = []
  const scan = () => scanner.scan((found) => void lines.push(found.lines))
  for await (const chunk of body as AsyncIterable<Buffer>) {
    scanner.push(begun ? chunk : chunk.subarray(chunk.indexOf('[') + 1))
    begun = true
    if (scanner.ready) scan()
  }
  scan()
  if (page === 1) pages = Number(/"total_pages":(\d+)/.exec(Buffer.from(scanner.rest()).toString())?.[1])
  scanner.release()
  for (const bytes of lines) {
    await file.write(bytes, 0, bytes.length, held)
    held += bytes.length
  }
  if (held >= loadSize) await load()
}
if (held > 0) await load()
await file.close()
connection.closeSync()
instance.closeSync()
