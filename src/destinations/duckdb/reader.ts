import { catalog, openDatabase, type Session } from './database.ts'
import type { DuckdbSpec } from './definition.ts'
import { parseCheckpoint, qualify, readRuns } from './log.ts'
import { schemaOf } from './schema.ts'
import type { RunFilter } from '../destination.ts'
import type { Logs, ReadRequest } from '../log-reader.ts'
import { commitsTable, runsTable } from '../../schema/system-columns.ts'
import { type RunRecord, runRecord } from '../run-record.ts'

type Request = ReadRequest<DuckdbSpec>

/**
 * Reads the bookkeeping of many connectors from one file, opened once, as a page has little time: only of those where
 * something was written since, and of their last runs only the new ones. Writes nothing.
 */
export async function readLogs(
  path: string,
  requests: readonly Request[],
  limit: number,
): Promise<readonly PromiseSettledResult<Logs>[]> {
  await using database = await openDatabase(path, 'look')
  const readAll = (some: readonly Request[]) => database.transact((session) => readTogether(session, some, limit))
  try {
    return (await readAll(requests)).map((value) => ({ status: 'fulfilled', value }))
  } catch {
    // What is wrong with one connector must not hide the others.
    return await Promise.allSettled(requests.map(async (request) => (await readAll([request]))[0] as Logs))
  }
}

export const holdOpen = (path: string): Promise<AsyncDisposable> => openDatabase(path, 'look')

/** A connector in the statements. */
interface ConnectorSchema {
  readonly at: number
  readonly schema: string
  readonly request: Request
}

async function readTogether(session: Session, requests: readonly Request[], limit: number): Promise<readonly Logs[]> {
  const sizes = await readSizes(session)
  const places = requests
    .map((request, at): ConnectorSchema => ({ at, schema: schemaOf(request.spec, request.connector), request }))
    .filter(({ schema }) => sizes.has(schema.toLowerCase()))
  const digests = await readDigests(session, places, sizes)
  const isKnown = ({ at, request }: ConnectorSchema) =>
    request.enough && request.before?.trace?.digest === digests.get(at)
  const changed = places.filter((place) => !isKnown(place))
  const positions = await readPositions(session, changed)
  const logs = requests.map((): Logs => ({ runs: [], positions: [] }))
  for (const { at, request } of places) if (request.before) logs[at] = request.before
  for (const place of changed) {
    const { at, schema, request } = place
    const rows = await readRows(session, place, limit)
    const recentRuns = async (most: number, filter?: RunFilter) =>
      filter ? readRuns(session, schema, { limit: most, ...filter }) : [...rows.values()]
    logs[at] = {
      runs: await request.readRuns({ recentRuns }),
      positions: positions.get(at) ?? [],
      trace: { digest: digests.get(at) ?? '', rows },
    }
  }
  return logs
}

/** Of each schema that holds the log, in lower case, the rows there have been in its tables. */
async function readSizes(session: Session): Promise<ReadonlyMap<string, string>> {
  const rows = await session.read(
    `SELECT lower(schema_name), string_agg(estimated_size, ' ' ORDER BY table_name) FROM duckdb_tables()
     WHERE database_name = $1 AND table_name IN ($2, $3) GROUP BY ALL HAVING count(*) = 2`,
    [catalog, commitsTable, runsTable],
  )
  return new Map(rows.map(([schema, sizes]) => [String(schema), String(sizes)]))
}

/**
 * By place, what changes with every run that is saved or overwritten, with every commit, and where somebody takes rows out:
 * how many rows there are and have been, and the moment of the last. The file's own statistics tell it, so that no row is
 * read (of `rowid` there are none).
 */
async function readDigests(
  session: Session,
  places: readonly ConnectorSchema[],
  sizes: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<number, string>> {
  const digests = new Map(places.map(({ at, schema }) => [at, sizes.get(schema.toLowerCase()) ?? '']))
  for (const part of split(places)) {
    const rows = await readEach(session, part, ({ at, schema }) => [
      `SELECT ${at} AS place, 'runs' AS log, count(*), epoch_us(max(finished_at)) FROM ${qualify(schema, runsTable)}`,
      `SELECT ${at}, 'commits', count(*), epoch_us(max(committed_at)) FROM ${qualify(schema, commitsTable)}`,
    ])
    for (const [at, , ...cells] of rows) digests.set(Number(at), `${digests.get(Number(at))} ${cells.join(' ')}`)
  }
  return digests
}

/** The last runs by the text of their records, newest first: what is known need not be parsed again. */
async function readRows(
  session: Session,
  place: ConnectorSchema,
  limit: number,
): Promise<ReadonlyMap<string, RunRecord>> {
  const known = place.request.before?.trace?.rows
  const rows = await session.read(
    `SELECT record FROM ${qualify(place.schema, runsTable)}
     ORDER BY started_at DESC, finished_at DESC, run_id DESC LIMIT ${limit}`,
  )
  const texts = rows.map(([record]) => String(record))
  return new Map(texts.map((text) => [text, known?.get(text) ?? runRecord.parse(JSON.parse(text))]))
}

async function readPositions(
  session: Session,
  places: readonly ConnectorSchema[],
): Promise<ReadonlyMap<number, Logs['positions']>> {
  const found = new Map<number, Logs['positions'][number][]>()
  for (const part of split(places)) {
    const rows = await readEach(session, part, ({ at, schema }) => [
      `SELECT ${at} AS place, stream AS log, max(seq), arg_max(checkpoint, seq), epoch_ms(arg_max(committed_at, seq))
       FROM ${qualify(schema, commitsTable)} GROUP BY stream`,
    ])
    for (const [at, stream, seq, checkpoint, committedAt] of rows) {
      const known = found.get(Number(at)) ?? []
      known.push({
        stream: String(stream),
        seq: Number(seq),
        checkpoint: parseCheckpoint(checkpoint),
        committedAt: new Date(Number(committedAt)).toISOString(),
      })
      found.set(Number(at), known)
    }
  }
  return found
}

/** One statement for many connectors: rows in the order of place and log. */
async function readEach(
  session: Session,
  places: readonly ConnectorSchema[],
  select: (place: ConnectorSchema) => readonly string[],
): ReturnType<Session['read']> {
  const branches = places.flatMap(select)
  return branches.length === 0 ? [] : session.read(`${branches.join(' UNION ALL ')} ORDER BY place, log`)
}

// What one statement may do, as DuckDB has little memory; what one connector needs it may do in any case.
const placesAtOnce = 25
const streamsAtOnce = 10_000

function split(places: readonly ConnectorSchema[]): readonly (readonly ConnectorSchema[])[] {
  const parts: ConnectorSchema[][] = []
  let streams = 0
  for (const place of places) {
    const part = parts.at(-1)
    const more = place.request.streams
    if (part && part.length < placesAtOnce && streams + more <= streamsAtOnce) {
      part.push(place)
      streams += more
    } else {
      parts.push([place])
      streams = more
    }
  }
  return parts
}
