import type { Checkpoint, Identity } from '../destinations/checkpoint.ts'
import type { CursorValue, Lookback } from '../syntax/cursor-value.ts'
import { formatsOfIdentity } from './identity.ts'
import { compareSpelled } from '../syntax/moments/compare.ts'

/** What differs between the state and the connector file, each as half a sentence: `the cursor was a and is b`. */
export interface Differences {
  /** The saved cursor answers another question than the one that is asked now. */
  readonly stops: readonly string[]
  /** The run goes on, and whoever reads the table should know. */
  readonly warns: readonly string[]
  /** Those of `stops` that a full refresh leaves as they are, as it drops no version of a history. */
  readonly stays: readonly string[]
}

/** Compares what a checkpoint was saved for with what the connector file says now. The table in README.md lists the rules. */
export function compareIdentities(before: Identity, now: Identity, { done, stored }: Checkpoint): Differences {
  if (before.connector !== now.connector)
    return { stops: [differ('the connector', before.connector, now.connector)], warns: [], stays: [] }
  // Each listing replaces the table: nothing of the earlier ones stays.
  if (now.write === 'replace' || (done === null && !stored)) return { stops: [], warns: [], stays: [] }
  const append = before.write === 'append' || now.write === 'append'
  const change = { before, now, append, goesOn: done !== null || (before.slices !== null && before.cursor !== null) }
  return {
    stops: [...ofSource(change), ...ofCursor(change), ...ofTable(change)],
    warns: [...ofStart(change), ...ofColumns(change)],
    stays: ofHistory(change),
  }
}

interface Change {
  readonly before: Identity
  readonly now: Identity
  /** Rows are not recognized by a key, before or now. */
  readonly append: boolean
  /** A run starts at a cursor, behind what was read before. */
  readonly goesOn: boolean
}

function ofSource({ before, now, goesOn }: Change): string[] {
  const found: string[] = []
  if (before.source !== now.source) found.push(differ('the address', before.source, now.source))
  if (!goesOn) return found
  if (before.rows !== null && now.rows !== null && before.rows !== now.rows)
    found.push(differ('rows', before.rows, now.rows))
  if (before.slices !== now.slices) found.push(differ('what the listing is read for', before.slices, now.slices))
  const names = new Set([...Object.keys(before.filters), ...Object.keys(now.filters)])
  const filters = [...names].filter((name) => before.filters[name] !== now.filters[name])
  for (const name of filters) found.push(`${name} ${nameChange(before.filters[name], now.filters[name])}`)
  return found
}

const nameChange = (before: string | undefined, now: string | undefined): string =>
  before === undefined ? 'was added' : now === undefined ? 'was taken out' : 'has another value'

function ofCursor({ before, now, append, goesOn }: Change): string[] {
  const found: string[] = []
  const matters = append || (goesOn && now.cursor !== null)
  if (matters && before.cursor !== now.cursor) found.push(differ('the cursor', before.cursor, now.cursor))
  const formats = formatsOfIdentity(now)
  // One that is added beside those before reads what they have read.
  if (goesOn && formats.length > 0 && !formatsOfIdentity(before).every((format) => formats.includes(format)))
    found.push(differ('the format of the cursor', before.format, now.format))
  if (goesOn && append && sizeOf(now.lookback) > sizeOf(before.lookback)) {
    const [was, is] = [before, now].map(({ lookback }) => showLookback(lookback))
    found.push(differ('lookback (append has forgotten the rows in between)', was, is))
  }
  return found
}

function ofTable({ before, now, append, goesOn }: Change): string[] {
  const found: string[] = []
  if (append && before.write !== now.write) found.push(differ('write', before.write, now.write))
  if (!sameNames(before.key, now.key)) found.push(differ('primary_key', listed(before.key), listed(now.key)))
  const compared = append ? [] : [...now.key, ...(now.cursor === null ? [] : [now.cursor])]
  for (const field of compared) {
    const [was, is] = [before, now].map(({ renamed }) => renamed[field] ?? field)
    if (was !== is) found.push(differ(`the column of ${field}, by which rows are compared,`, was, is))
  }
  if (goesOn && !sameTable(before, now)) found.push(differ('table', before.table, now.table))
  return found
}

/** Versions that lie in a history by another key, on the line of another cursor or from another source cannot be told from what comes. */
function ofHistory({ before, now }: Change): string[] {
  if (now.write !== 'scd2' || !sameTable(before, now)) return []
  return [
    ...(before.source === now.source ? [] : [differ('the address', before.source, now.source)]),
    ...(before.cursor === now.cursor ? [] : [differ('the cursor', before.cursor, now.cursor)]),
    ...(sameNames(before.key, now.key) ? [] : [differ('primary_key', listed(before.key), listed(now.key))]),
  ]
}

const sizeOf = (lookback: Lookback): number => (typeof lookback === 'number' ? lookback : lookback.count)

const showLookback = (lookback: Lookback): string =>
  typeof lookback === 'number' ? `${lookback / 1000} s` : String(lookback.count)

/** Rows between an earlier start and the one that was read from are never asked for. */
function ofStart({ before, now, goesOn }: Change): string[] {
  if (!goesOn || before.start === null) return []
  if (now.start !== null && compareSpelled(now.start, before.start, formatsOfIdentity(now)) >= 0) return []
  return [
    `${differ('start', before.start, now.start)}: what lies before ${before.start} is not read; --full-refresh reads it`,
  ]
}

function ofColumns({ before, now }: Change): string[] {
  const dropped = now.dropped.filter((field) => !before.dropped.includes(field))
  const fields = [...new Set([...Object.keys(before.renamed), ...Object.keys(now.renamed)])]
  const renamed = fields.filter((field) => (before.renamed[field] ?? field) !== (now.renamed[field] ?? field))
  return [
    ...dropped.map(
      (field) =>
        `${field} is dropped from now on: rows that are in the table keep it; --full-refresh empties the column`,
    ),
    ...renamed.map(
      (field) =>
        `${differ(`the column of ${field}`, before.renamed[field] ?? field, now.renamed[field] ?? field)}: rows that are in the table keep the old one; --full-refresh fills the new one`,
    ),
  ]
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted())

export const sameTable = (a: Identity, b: Identity): boolean => a.table.toLowerCase() === b.table.toLowerCase()

const listed = (names: readonly string[]): string | null => (names.length === 0 ? null : names.join(', '))

const differ = (what: string, before: CursorValue | null | undefined, now: CursorValue | null | undefined): string =>
  `${what} was ${before ?? 'not set'} and is ${now ?? 'not set'}`
