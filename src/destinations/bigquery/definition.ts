import { closest } from 'fastest-levenshtein'
import { durationMs } from '../../syntax/duration.ts'
import { defineDestination, type Refuse } from '../definition.ts'

/** `bigquery:PROJECT[.DATASET][?OPTIONS]`, taken apart. */
export interface BigquerySpec {
  readonly type: 'bigquery'
  readonly project: string
  /** The connector's name where absent. */
  readonly dataset?: string
  /** Where a dataset that is missing is created, and where one that exists must lie: `EU`, `US` or a region. */
  readonly location?: string
  /** The dataset that batches are loaded into before they are committed. */
  readonly staging?: string
  /** The most that one query job may be billed for. */
  readonly maximumBytesBilled?: string
  /** What a TiB that queries process costs, for the estimate in the run record. */
  readonly usdPerTib?: number
  /** A batch closes so many milliseconds after its first page. */
  readonly batchAge?: number
}

/** The options behind the question mark. */
const options = {
  location: {
    meaning: 'Where a missing dataset is created; one that exists must be there.',
    example: 'location=EU',
  },
  staging: {
    meaning: 'The dataset that batches are loaded into before they are committed.',
    default: '`<dataset>__staging`',
    example: 'staging=acme_staging',
  },
  maximum_bytes_billed: {
    meaning: 'The most bytes that one query job may be billed for; a commit over it writes nothing and fails.',
    example: 'maximum_bytes_billed=10737418240',
  },
  usd_per_tib: {
    meaning: 'The price of a TiB, for the estimate in run records.',
    default: '`6.25`',
    example: 'usd_per_tib=7.5',
  },
  batch_age: {
    meaning: 'How long after its first page a batch is committed while a listing goes on: a duration of at least PT1S.',
    default: '`PT30S`',
    example: 'batch_age=PT5S',
  },
} as const

/** Each commit is a load job and a script, and each table that a script reads is billed as 10 MB at least. */
const leastBatchAge = 1_000

export default defineDestination({
  type: 'bigquery',
  form: 'bigquery:PROJECT[.DATASET][?location=PLACE]',
  meaning: "BigQuery, exactly once. The dataset is the connector's name if absent.",
  example: 'bigquery:acme-data.sales',
  options,
  parse: parseBigquery,
  open: async (spec, connector, { bigquery }) => (await import('./index.ts')).openBigquery(spec, connector, bigquery),
})

function parseBigquery(rest: string, refuse: Refuse): BigquerySpec {
  const question = rest.indexOf('?')
  const [name, query] = question < 0 ? [rest, ''] : [rest.slice(0, question), rest.slice(question + 1)]
  if (name.startsWith('//')) throw refuse('is no URL: write bigquery:PROJECT, without slashes after the colon')
  // Projects of an organisation of old bear its domain before a colon.
  const [, project, dataset] = /^((?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{0,62})(?:\.(\w{1,1024}))?$/.exec(name) ?? []
  if (project === undefined) throw refuse('names no project: expected bigquery:PROJECT or bigquery:PROJECT.DATASET')
  const given = new URLSearchParams(query)
  for (const key of given.keys()) {
    if (!Object.hasOwn(options, key))
      throw refuse(`has an unknown option ${JSON.stringify(key)} (did you mean ${closest(key, Object.keys(options))}?)`)
  }
  const read = (key: keyof typeof options, pattern: RegExp, expected: string): string | undefined => {
    const value = given.get(key) ?? undefined
    if (value !== undefined && !pattern.test(value)) throw refuse(`has ${key}=${value}: expected ${expected}`)
    return value
  }
  const location = read('location', /^[A-Za-z][A-Za-z0-9-]*$/, 'a place such as EU or europe-west4')
  const staging = read('staging', /^\w{1,1024}$/, 'the name of a dataset')
  const maximumBytesBilled = read('maximum_bytes_billed', /^[1-9]\d{0,17}$/, 'a number of bytes')
  const usdPerTib = read('usd_per_tib', /^\d+(\.\d+)?$/, 'a price in dollars')
  const batchAge = readBatchAge(given.get('batch_age') ?? undefined, refuse)
  return {
    type: 'bigquery',
    project,
    ...(dataset !== undefined && { dataset }),
    ...(location !== undefined && { location }),
    ...(staging !== undefined && { staging }),
    ...(maximumBytesBilled !== undefined && { maximumBytesBilled }),
    ...(usdPerTib !== undefined && { usdPerTib: Number(usdPerTib) }),
    ...(batchAge !== undefined && { batchAge }),
  }
}

function readBatchAge(text: string | undefined, refuse: Refuse): number | undefined {
  if (text === undefined) return undefined
  const age = durationMs(text)
  if (age !== undefined && age >= leastBatchAge) return age
  throw refuse(`has batch_age=${text}: expected an ISO 8601 duration of at least a second, such as PT5S`)
}
