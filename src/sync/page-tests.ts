import type { StreamConfig } from '../connector/connector.ts'
import { memberAt } from '../base/json/path.ts'
import { stringifyExact } from '../base/json/exact-json.ts'
import { SyncError } from '../base/errors.ts'
import { pageParams } from '../paginators/conventions.ts'
import { firstParam } from '../paginators/find-member.ts'
import type { PaginatorConfig } from '../paginators/index.ts'
import type { ApiRequest } from '../http/send.ts'
import { oneLine } from '../base/words/line.ts'

type Row = Readonly<Record<string, unknown>>

/** A field by its own name, else by the path that its dots make. */
const fieldOf = (row: Row, field: string): unknown =>
  Object.hasOwn(row, field) ? row[field] : memberAt(row, field.split('.'))

const isMissing = (row: Row, field: string): boolean => (fieldOf(row, field) ?? null) === null

const listFields = (rows: readonly Row[]): string =>
  [...new Set(rows.flatMap((row) => Object.keys(row)))]
    .slice(0, 20)
    .map((name) => oneLine(name, 60))
    .join(', ')

/** A cursor that no row of a page has: a run would read everything for ever. */
export function findFault({ name, incremental }: StreamConfig, rows: readonly Row[]): SyncError | undefined {
  const cursor = incremental?.cursor
  if (cursor === undefined || rows.length === 0 || rows.some((row) => !isMissing(row, cursor))) return undefined
  return new SyncError(
    'CURSOR_INVALID',
    `No row of the page of stream ${name} has ${cursor}, which incremental.cursor names; they have ${listFields(rows)}.`,
  )
}

/** What may lose or double rows by what one page shows, a sentence each. */
export function findDoubts(
  stream: StreamConfig,
  {
    rows,
    paginator,
    next,
  }: { readonly rows: readonly Row[]; readonly paginator: PaginatorConfig; readonly next: ApiRequest | undefined },
): readonly string[] {
  return [repeatedKeys(stream, rows), risingPages(stream, paginator, next)].filter((doubt) => doubt !== undefined)
}

function repeatedKeys({ primary_key: key = [], write }: StreamConfig, rows: readonly Row[]): string | undefined {
  if (key.length === 0) return undefined
  const keys = new Set(rows.map((row) => stringifyExact(key.map((field) => fieldOf(row, field) ?? null))))
  if (keys.size === rows.length) return undefined
  const kept = write === 'scd2' ? 'which makes them versions of one another' : 'of which one is kept'
  return `${rows.length} rows have ${keys.size} different values of primary_key [${key.join(', ')}], ${kept}: add the field that tells them apart, unless they are versions of one row`
}

/**
 * Numbered pages of what has changed since the cursor, oldest first: a row that changes meanwhile moves to the end, all rows
 * behind it move up by one, and one that moves to a page that was read is never seen.
 */
function risingPages(
  stream: StreamConfig,
  paginator: PaginatorConfig,
  next: ApiRequest | undefined,
): string | undefined {
  const { incremental } = stream
  const asked = JSON.stringify([stream.path, stream.url, stream.params, stream.body])
  const isNumbered =
    paginator.type === 'page_number' ||
    paginator.type === 'offset' ||
    (paginator.type.startsWith('link_') && next !== undefined && firstParam(next, pageParams) !== undefined)
  const isDescending = incremental?.order === 'desc' || /\bdesc(?:ending)?\b|newest|"-\w/i.test(asked)
  if (!incremental || !isNumbered || isDescending || !/\{\{[^{}]*\bcursor\b/.test(asked)) return undefined
  return `numbered pages under a filter by ${incremental.cursor} can lose rows that move up while they are read: let the provider sort newest first (and say order: desc), or page by a cursor or a keyset`
}
