import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'

// The floor: what a competent person writes by hand in an hour, with none of the types, names, checkpoints, retries or
// promises. Fetch, parse, print each row, one NDJSON file, one CREATE TABLE from it.
// Usage: node naive.ts URL NDJSON [DUCKDB]

interface Answer {
  readonly data: readonly unknown[]
  readonly meta: { readonly total_pages: number }
}

const [url, ndjson, duckdb] = process.argv.slice(2) as [string, string, string?]

const file = createWriteStream(ndjson, { highWaterMark: 1 << 20 })
for (let page = 1, pages = 1; page <= pages; page++) {
  const response = await fetch(`${url}&page=${page}`)
  if (!response.ok) throw new Error(`status ${response.status}`)
  const { data, meta } = (await response.json()) as Answer
  pages = meta.total_pages
  let lines = ''
  for (const row of data) lines += `${JSON.stringify(row)}\n`
  if (!file.write(lines)) await once(file, 'drain')
}
file.end()
await finished(file)

if (duckdb) {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(duckdb, { threads: process.env['DUCKDB_THREADS'] ?? '1' })
  const connection = await instance.connect()
  const columns = `{id: 'BIGINT', number: 'VARCHAR', status: 'VARCHAR', amount: 'DOUBLE', tax: 'DOUBLE', currency: 'VARCHAR',
    quantity: 'BIGINT', express: 'BOOLEAN', customer: 'JSON', note: 'VARCHAR', coupon: 'VARCHAR', created_at: 'TIMESTAMPTZ', updated_at: 'TIMESTAMPTZ'}`
  const options = process.env['DUCKDB_DETECT'] ? '' : `, format = 'newline_delimited', columns = ${columns}`
  await connection.run(`CREATE TABLE orders AS SELECT * FROM read_json('${ndjson}'${options})`)
  connection.closeSync()
  instance.closeSync()
}
