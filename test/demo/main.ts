import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDemoProvider, type DemoProvider } from './provider.ts'
import { describeTable } from './tables.ts'
import { bold, dim, print, printTable } from './terminal.ts'

const here = import.meta.dirname
const cli = join(here, '../../src/cli.ts')

await using provider = await startDemoProvider()
const dir = prepare(provider)
const database = join(dir, 'demo.duckdb')
const command = 'headrace run usgs.yaml --to duckdb:demo.duckdb'

print(bold('headrace: a week of earthquakes, from an API into a DuckDB file'))
print()
print(`  API        ${provider.url}, on this machine`)
print(`  data       ${provider.rows.toLocaleString('en')} earthquakes as the USGS recorded them`)
print('  sign-in    OAuth 2.0 client credentials, at a real token endpoint')
print(`  connector  ${join(dir, 'usgs.yaml')}`)

print(`\n${bold('1. The first run takes everything')}`)
print(dim(`\n$ ${command}`))
await runHeadrace()
print(`\n${sayServed(provider, 0)}`)

const table = await describeTable(database, 'usgs.earthquakes')
print(`\n${bold('2. What is in the file now')}`)
print(`\nusgs.earthquakes: ${table.rows.toLocaleString('en')} rows. The types that were found:\n`)
printTable(table.types.map(({ type, columns }) => [type, columns.join(', ')]))
print('\nThe strongest of that week:\n')
printTable(table.strongest)

const before = provider.pages.length
print(`\n${bold('3. The second run takes only what is new, and nothing is')}`)
print(dim(`\n$ ${command}`))
await runHeadrace()
print(`\n${sayServed(provider, before)}`)

const after = await describeTable(database, 'usgs.earthquakes')
print(
  `The table still holds ${after.rows.toLocaleString('en')} rows with ${after.distinct.toLocaleString('en')} distinct ids: nothing came twice.`,
)
if (after.rows !== provider.rows || after.distinct !== provider.rows)
  throw new Error('the table is not what the API served')

print(`\n${bold('Look inside')}`)
print(`\n  cat ${join(dir, 'usgs.yaml')}`)
print(`  duckdb ${database} 'SELECT * FROM usgs.earthquakes'`)

/** A directory outside the tree with the connector (the provider's ports in it) and its secret. */
function prepare({ url, tokenUrl, clientSecret }: DemoProvider): string {
  const made = mkdtempSync(join(tmpdir(), 'headrace-demo-'))
  const connector = readFileSync(join(here, 'connector.yaml'), 'utf8')
  const text = connector
    .replace('http://127.0.0.1:8400', url)
    .replace('http://127.0.0.1:8401/token', tokenUrl)
    .replace(/ # the demo writes .*/, '')
  writeFileSync(join(made, 'usgs.yaml'), text)
  writeFileSync(join(made, 'client-secret'), clientSecret, { mode: 0o600 })
  return made
}

/** The real command line, its words straight to this terminal. */
function runHeadrace(): Promise<void> {
  const args = ['--disable-warning=ExperimentalWarning', cli, 'run', 'usgs.yaml', '--to', 'duckdb:demo.duckdb']
  const env = { ...process.env, DEMO_CLIENT_ID: provider.clientId }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: dir, stdio: 'inherit', env })
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`headrace ended with exit code ${code}`))))
  })
}

/** What the API says it served since its page number `from`. */
function sayServed({ pages }: DemoProvider, from: number): string {
  const served = pages.slice(from)
  const rows = served.reduce((sum, page) => sum + page.rows, 0)
  const since = served[0]?.updatedAfter
  const asked = since ? `The API was asked for what changed after ${since}.\n` : ''
  return `${asked}${since ? 'It' : 'The API'} served ${served.length} ${served.length === 1 ? 'page' : 'pages'} with ${rows.toLocaleString('en')} rows in all.`
}
