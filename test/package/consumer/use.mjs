// Run where the packed package is installed, against the API whose URL is the argument. Ends by itself.
import { createRequire } from 'node:module'
import { check, defineConnector, preview, run, status } from 'headrace'

const loaded = Object.keys(createRequire(import.meta.url).cache)
const atImport = {
  framework: loaded.filter((path) => path.includes('functions-framework')).length,
  listeners: ['SIGTERM', 'SIGINT', 'uncaughtException'].map((event) => process.listenerCount(event)),
  resources: process.getActiveResourcesInfo().filter((kind) => !/TTY|Pipe|File/.test(kind)),
}
const acme = defineConnector({
  name: 'acme',
  base_url: process.argv[2] ?? '',
  streams: [{ name: 'orders', paginator: { type: 'page_number' }, rows: '$.data[*]', primary_key: ['id'] }],
})
const destination = 'duckdb:api.duckdb'
const first = await run(acme, { destination })
const again = await run(acme, { destination })
const checked = await check(acme)
const previewed = await preview(acme, 'orders', { limit: 2 })
const stands = await status(acme, { destination })
process.stdout.write(
  JSON.stringify({
    atImport,
    runs: [first, again].map(({ status: ended, trigger, streams }) => [ended, trigger, streams[0]?.rows]),
    columns: checked.streams[0]?.columns.map(({ name }) => name),
    rows: previewed.rows,
    known: stands.connectors[0]?.runs.map(({ run_id: id }) => id),
    ids: [again.run_id, first.run_id],
  }),
)
