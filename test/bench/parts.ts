import { DuckDBInstance } from '@duckdb/node-api'
import { request } from 'undici'
import { selectOrders } from './orders-table.ts'

// The parts of the bare path, each by itself. Usage: node parts.ts read URL, node parts.ts load NDJSON DUCKDB

const [part, ...args] = process.argv.slice(2)

if (part === 'read') await read(args as [string])
else await load(args as [string, string])

/** Takes the bytes of all pages, and drops them. */
async function read([url]: readonly [string]): Promise<void> {
  for (let page = 1, pages = 1; page <= pages; page++) {
    const { body } = await request(`${url}&page=${page}`)
    const first: Buffer[] = []
    for await (const chunk of body as AsyncIterable<Buffer>) if (page === 1) first.push(chunk)
    if (page === 1) pages = Number(/"total_pages":(\d+)/.exec(Buffer.concat(first).toString('latin1'))?.[1])
  }
}

/** One statement. */
async function load([ndjson, duckdb]: readonly [string, string]): Promise<void> {
  const instance = await DuckDBInstance.create(duckdb, { threads: '1', preserve_insertion_order: 'false' })
  const connection = await instance.connect()
  await connection.run(`CREATE TABLE orders AS ${selectOrders(ndjson)}`)
  connection.closeSync()
  instance.closeSync()
}
