import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

// The warehouse of the benchmark, in a process of its own: as much of BigQuery's REST API as a run needs, so that what
// a run costs on our side can be measured. A load job's rows become a file of the folder that is given; a script moves
// the files of the staging tables that it names to `committed/`, where each can come but once. Nothing is computed: that
// the SQL is right is for the emulator to tell.
// Usage: node bigquery-sink.ts DIR; `GET /report` tells what it was asked.

const [dir] = process.argv.slice(2) as [string]
mkdirSync(join(dir, 'committed'), { recursive: true })

/** `commits` are scripts with a transaction, `records` other statements, such as the record of a run. */
const report = { loads: 0, commits: 0, records: 0, queries: 0, bytes: 0 }
const known = new Map<string, object>()
const loaded = new Map<string, number>()

const server = createServer((request, response) => {
  readBody(request).then(
    (body) => answer(request, response, body),
    (error: unknown) => response.destroy(error as Error),
  )
})

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function answer({ method, url = '/' }: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const [path = ''] = url.split('?', 1)
  if (path === '/report') return send(response, 200, report)
  if (path.startsWith('/upload/')) return send(response, 200, runLoad(body))
  if (method === 'GET' && known.has(path)) return send(response, 200, known.get(path) as object)
  if (method === 'GET')
    return send(response, 404, { error: { message: 'Not found', errors: [{ reason: 'notFound' }] } })
  if (method !== 'POST') return void response.writeHead(204).end()
  const asked = JSON.parse(body.toString()) as Asked
  if (path.endsWith('/jobs')) return send(response, 200, runScript(asked))
  if (path.endsWith('/queries')) return send(response, 200, runQuery())
  send(response, 200, create(path, asked))
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

interface Asked {
  readonly datasetReference?: { readonly datasetId: string }
  readonly tableReference?: { readonly tableId: string }
  readonly jobReference?: object
  readonly configuration?: {
    readonly labels?: object
    readonly query?: { readonly query: string }
    readonly load?: { readonly destinationTable: { readonly tableId: string } }
  }
}

function create(path: string, asked: Asked): object {
  const made = { location: 'US', ...asked, etag: `"${known.size}"`, creationTime: String(known.size + 1) }
  known.set(`${path}/${asked.datasetReference?.datasetId ?? asked.tableReference?.tableId}`, made)
  return made
}

/** `multipart/related` of two parts: what the job is, then its rows. */
function runLoad(body: Buffer): object {
  const boundary = body.subarray(0, body.indexOf('\r\n'))
  const second = body.indexOf(boundary, boundary.length)
  const asked = JSON.parse(body.subarray(endOfHead(body, 0), second).toString()) as Asked
  const lines = body.subarray(endOfHead(body, second), body.lastIndexOf(boundary) - 2)
  const table = asked.configuration?.load?.destinationTable.tableId ?? ''
  if (loaded.has(table)) return ended(asked, 0)
  const rows = countLines(lines)
  loaded.set(table, rows)
  writeFileSync(join(dir, `${table}.ndjson`), lines)
  report.loads += 1
  report.bytes += lines.length
  return ended(asked, rows)
}

const endOfHead = (body: Buffer, from: number) => body.indexOf('\r\n\r\n', from) + 4

function countLines(lines: Buffer): number {
  let count = 0
  for (let at = lines.indexOf(10); at >= 0; at = lines.indexOf(10, at + 1)) count += 1
  return count
}

/** A script that names a staging table which another has committed fails on the file that is not there. */
function runScript(asked: Asked): object {
  const sql = asked.configuration?.query?.query ?? ''
  report[sql.includes('COMMIT TRANSACTION') ? 'commits' : 'records'] += 1
  const named = new Set(Array.from(sql.matchAll(/FROM `[\w.-]+__staging\.(\w+)`/g), ([, table = '']) => table))
  for (const table of named) {
    renameSync(join(dir, `${table}.ndjson`), join(dir, 'committed', `${table}.ndjson`))
  }
  return ended(asked, 0)
}

function ended({ jobReference, configuration }: Asked, rows: number): object {
  const statistics = { load: { outputRows: String(rows) } }
  return { jobReference, configuration: { labels: configuration?.labels }, status: { state: 'DONE' }, statistics }
}

/** Every stream stands at its beginning. */
function runQuery(): object {
  report.queries += 1
  return { jobComplete: true, rows: [] }
}

server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
