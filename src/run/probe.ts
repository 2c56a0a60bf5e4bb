import type { App } from './app.ts'
import type { Connector, StreamConfig } from '../connector/connector.ts'
import { writeMode } from '../connector/write-mode.ts'
import { parseExact } from '../base/json/exact-json.ts'
import type { PageRows } from '../decode/page-decoder.ts'
import type { SyncError } from '../base/errors.ts'
import { redactError } from '../secrets/redact-error.ts'
import { createMeter } from '../http/meter.ts'
import type { PaginatorConfig } from '../paginators/index.ts'
import type { Column } from '../schema/types.ts'
import { fresh } from '../destinations/checkpoint.ts'
import { encodePage } from '../sync/encode-page.ts'
import { createJob } from './job.ts'
import { findDoubts, findFault } from '../sync/page-tests.ts'
import { ParentListings } from '../sync/parent-listings.ts'
import { openProvider, type Provider } from './provider.ts'
import { readLines } from '../sync/rows.ts'
import type { RunContext } from './run.ts'
import { readStream, type StreamStep } from '../sync/slices.ts'

/** What one page of a stream shows. */
export interface StreamProbe {
  readonly stream: string
  /** Method and URL of the page, without credentials; empty where none was read. */
  readonly url: string
  readonly status: number
  /** The first rows, parsed. */
  readonly rows: readonly Record<string, unknown>[]
  readonly rowCount: number
  readonly columns: readonly Column[]
  /** Where the rows are: the stream's own path, or what was found; empty where nothing was. */
  readonly rowsPath: string
  readonly paginator: PaginatorConfig
  /** Lines to add to the connector file, and what to know of it. */
  readonly proposals: readonly string[]
  /** What may lose or double rows, a sentence each. */
  readonly warnings: readonly string[]
  /** What the page lacks that the stream declares: a run would fail, or never get on. */
  readonly fault?: SyncError
  readonly error?: SyncError
}

const sampleSize = 100

/** What the probes of a connector share: secrets that were fetched once, and sign-ins. */
export interface Prober extends AsyncDisposable {
  readonly connector: Connector
  readonly app: App
  readonly context: Pick<RunContext, 'runId' | 'stop'>
  readonly provider: Provider
  /** Where the rows of a stream were found. */
  readonly rowsPaths: ReadonlyMap<string, string>
}

/** Fetches the secrets of a connector. Throws `SECRET_*`, `CONFIG_INVALID`. */
export async function openProber(connector: Connector, app: App, context: Prober['context']): Promise<Prober> {
  const rowsPaths = new Map<string, string>()
  const provider = await openProvider(connector, app, {
    deadline: { at: Infinity, stopping: false },
    signal: context.stop.hard,
    onRowsFound: (name, path) => void rowsPaths.set(name, path),
  })
  return { connector, app, context, provider, rowsPaths, [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose]() }
}

/** A probe that brought nothing but an error. */
export function failProbe({ name, rows, paginator }: StreamConfig, error: SyncError): StreamProbe {
  return { ...nothingOf(name), rowsPath: rows ?? '', paginator, error }
}

const nothingOf = (stream: string) => ({
  stream,
  url: '',
  status: 0,
  rows: [],
  rowCount: 0,
  columns: [],
  proposals: [],
  warnings: [],
})

/** Reads one page of a stream as a run would, and writes nothing. A failure is told in `error`. */
export async function probeStream(stream: StreamConfig, prober: Prober): Promise<StreamProbe> {
  const { connector, app, context, provider } = prober
  const findRows = (): string => stream.rows ?? prober.rowsPaths.get(stream.name) ?? ''
  let paginator = stream.paginator
  const warnings: string[] = []
  const redact = (text: string): string => app.redactor.redact(text)
  const nothing = nothingOf(stream.name)
  try {
    const { hard } = context.stop
    await using parents = new ParentListings(connector, { read: [stream], now: () => app.effects.now() })
    const job = createJob({
      connector,
      stream,
      runId: context.runId,
      startedAt: new Date(app.effects.now()).toISOString(),
      env: app.env,
      effects: app.effects,
      fullRefresh: false,
      backfill: undefined,
      batchAge: Infinity,
      mayStop: () => true,
      isStopped: () => false,
      describe: provider.describe,
      client: provider.client(createMeter()),
      withoutCredentials: provider.withoutCredentials,
      signal: hard,
      onFound: (name, config) => {
        if (name === stream.name) paginator = config
      },
      parents,
      warn: (_code, message) => void warnings.push(redact(message)),
      redactor: app.redactor,
      sealer: provider.sealer,
    })
    const listing = {
      position: { seq: 0, checkpoint: fresh },
      resumed: false,
      staged: false,
      merges: false,
      refresh: false,
      announced: false,
      retract: [],
    }
    const { source, rules } = job.open(listing, [], { reading: hard, slices: [] })
    const step = await firstStep(readStream(source))
    if (!step) return { ...nothing, rowsPath: findRows(), paginator }
    const { page } = step.step
    await using body = page.body.rows
    const rows = await parseRows(body)
    const encoded = await encodePage(body, {
      ...rules,
      boundary: rules.bounds(undefined, undefined).boundary,
      extra: rules.extra(step.slice),
      where: provider.describe(page.request),
      highest: null,
      began: rules.now(),
      now: rules.now(),
    })
    await using _lines = encoded.lines
    const { columns } = rules.schema
    const rowsPath = findRows()
    const fault = findFault(stream, rows)
    return {
      ...nothing,
      url: provider.describe(page.request),
      status: page.status,
      rows,
      rowCount: body.count,
      columns,
      rowsPath,
      paginator,
      proposals: propose(stream, { rowsPath, paginator, rows, columns, inDoubt: warnings.length > 0 }),
      warnings: [...warnings, ...findDoubts(stream, { rows, paginator, next: step.step.next })],
      ...(fault && { fault }),
    }
  } catch (thrown) {
    return { ...nothing, rowsPath: findRows(), paginator, error: redactError(thrown, redact) }
  }
}

async function firstStep(steps: AsyncGenerator<StreamStep, void, undefined>): Promise<StreamStep | undefined> {
  try {
    const { value } = await steps.next()
    return value ?? undefined
  } finally {
    await steps.return()
  }
}

async function parseRows(page: PageRows): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for await (const line of readLines(page)) {
    rows.push(parseExact(line) as Record<string, unknown>)
    if (rows.length === sampleSize) break
  }
  return rows
}

interface Seen {
  readonly rowsPath: string
  readonly paginator: PaginatorConfig
  readonly rows: readonly Record<string, unknown>[]
  readonly columns: readonly Column[]
  /** The page may not be the last, although nothing leads on. */
  readonly inDoubt: boolean
}

function propose(stream: StreamConfig, { rowsPath, paginator, rows, columns, inDoubt }: Seen): string[] {
  const proposals: string[] = []
  if (stream.rows === undefined && rowsPath !== '') proposals.push(`rows: ${rowsPath}`)
  if (stream.paginator.type === 'auto' && !(inDoubt && paginator.type === 'none'))
    proposals.push(`paginator: ${flow(paginator)}`)
  const key = stream.primary_key ? undefined : findKey(rows)
  if (key !== undefined) proposals.push(`primary_key: [${key}]`)
  const cursor = stream.incremental ? undefined : findCursor(columns)
  if (cursor !== undefined) proposals.push(`incremental: { cursor: ${cursor} }`)
  if (writeMode(stream) === 'append' && !stream.incremental) {
    proposals.push('every run appends all rows again: give the stream a primary_key, incremental, or write: replace')
  }
  return proposals
}

/** `{ type: page_number, size: 100 }`: JSON is YAML, but this is how one writes it. */
const flow = (config: PaginatorConfig): string =>
  `{ ${Object.entries(config)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        `${name}: ${typeof value === 'string' && /^[\w$][\w.$*-]*$/.test(value) ? value : JSON.stringify(value)}`,
    )
    .join(', ')} }`

/** A field that looks like a key by its name and tells all rows of the page apart. */
function findKey(rows: readonly Record<string, unknown>[]): string | undefined {
  return ['id', 'uuid', 'guid', 'key', 'sid', 'gid', '_id', 'Id', 'ID', 'code'].find((name) => {
    const values = rows.map((row) => row[name])
    return (
      rows.length > 1 &&
      values.every((value) => typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') &&
      new Set(values).size === rows.length
    )
  })
}

const findCursor = (columns: readonly Column[]): string | undefined =>
  columns.find(
    ({ name, type }) =>
      /^(updated?|modified|last_?modified|last_?updated?|changed)(_?(at|on|date|time))?$/i.test(name) &&
      (type === 'timestamp' || type === 'datetime'),
  )?.name
