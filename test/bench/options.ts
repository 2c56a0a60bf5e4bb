import { parseArgs } from 'node:util'

export const sections = ['duckdb', 'files', 'bigquery', 'dlt', 'memory', 'coldstart', 'signing', 'status'] as const
export type Section = (typeof sections)[number]

export interface BenchOptions {
  readonly rows: number
  readonly rounds: number
  readonly only: readonly Section[]
  /** Adds 10,000,000 rows to the memory section. */
  readonly long: boolean
  readonly profile: boolean
  readonly json: boolean
  /** Rows for dlt: it takes minutes for a million. */
  readonly dltRows: number
}

const help = `npm run bench -- [options]

  --rows N        rows of the workload (1000000)
  --rounds N      rounds of each comparison, the contestants in turn (3)
  --only A,B      some of ${sections.join(', ')} (all)
  --dlt-rows N    rows for dlt, compared by rows per CPU second (a fifth of --rows)
  --long          the memory section reads 10,000,000 rows too
  --profile       one run of headrace into DuckDB under the CPU profiler, and where its time went
  --json          the figures as one JSON document on stdout
`

export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: '1000000' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: sections.join(',') },
      'dlt-rows': { type: 'string' },
      long: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    process.exit()
  }
  const rows = positive('--rows', values.rows)
  return {
    rows,
    rounds: positive('--rounds', values.rounds),
    only: values.only.split(',').map(toSection),
    dltRows: positive('--dlt-rows', values['dlt-rows'] ?? String(Math.ceil(rows / 5))),
    long: values.long,
    profile: values.profile,
    json: values.json,
  }
}

function positive(option: string, text: string): number {
  const number = Number(text.replaceAll('_', ''))
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`${option} wants a whole number of 1 or more, not ${text}`)
  return number
}

function toSection(text: string): Section {
  const section = sections.find((name) => name === text)
  if (!section) throw new Error(`--only knows ${sections.join(', ')}, not ${text}`)
  return section
}
