import type { Column, ColumnType } from '../../schema/types.ts'
import { loadedAtColumn, runIdColumn, sameName } from '../../schema/system-columns.ts'
import { type Ordering, type OrderingSql, rank } from '../ordering.ts'
import { toCell } from './cells.ts'
import { findAhead } from './cursor-time.ts'
import { quoteName } from './sql.ts'

/** The place of a row in its batch, and the batch it came with: of rows with one key the later wins. */
export const orderColumn = '_headrace_order'
export const seqColumn = '_headrace_seq'
export const listingColumns: readonly Column[] = [
  { name: seqColumn, type: 'integer' },
  { name: orderColumn, type: 'integer' },
]

export const orderingSql: OrderingSql = {
  quote: quoteName,
  timeKey: (value, type) => {
    const kind = type.toUpperCase()
    const format = type === 'date' ? '%Y-%m-%dT00:00:00.000000' : '%Y-%m-%dT%H:%M:%E6S'
    return `CONCAT(FORMAT_${kind}('${format}', ${value}${type === 'timestamp' ? ", 'UTC'" : ''}), '000')`
  },
  findAhead,
}

/** A staged batch, or the staged rows of a listing: one table. Tables are as SQL spells them throughout. */
export interface Source {
  readonly table: string
  readonly columns: readonly Column[]
  /** Of a batch: its place in the log; a listing's rows bear it themselves, with their system columns. */
  readonly seq: number | undefined
}

/** How of several rows with one key the one is found that stays; no key, no such question. */
export interface Keys {
  readonly columns: readonly string[]
  /** Whether they may be NULL, which is then equal to NULL. */
  readonly nulls?: boolean | undefined
  readonly cursor: Ordering | undefined
  /** `insert_only`: a row of an earlier batch stays whatever a later one brings. */
  readonly firstWins: boolean
}

/** Of the rows that `select` holds with their places: of those with one key only the one that stays. */
export function selectUnique(select: string, columns: readonly Column[], keys: Keys): string {
  const cursor = keys.cursor === undefined ? [] : [`${rank(keys.cursor)} DESC NULLS LAST`]
  const order = keys.firstWins
    ? [`${seqColumn} ASC`, ...cursor, `${orderColumn} DESC`]
    : [...cursor, `${seqColumn} DESC`, `${orderColumn} DESC`]
  return `SELECT * FROM (${select}) WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY ${listKeys(keys.columns, columns)} ORDER BY ${order.join(', ')}) = 1`
}

/** Every column of the target in its live type, NULL where a source lacks it, then the system columns. */
export function selectRows(
  sources: readonly Source[],
  columns: readonly Column[],
  { ordered = false }: { readonly ordered?: boolean } = {},
): string {
  return sources.map((source) => selectSource(source, columns, ordered)).join('\nUNION ALL\n')
}

function selectSource({ table, columns: own, seq }: Source, columns: readonly Column[], ordered: boolean): string {
  const cells = columns.map(({ name, type }) => {
    const from = own.find((column) => sameName(column.name, name))
    const cell = toCell(from?.name ?? name, from?.type, type)
    return cell === quoteName(name) ? cell : `${cell} AS ${quoteName(name)}`
  })
  const system =
    seq === undefined
      ? [runIdColumn, loadedAtColumn]
      : [`@run_id AS ${runIdColumn}`, `TIMESTAMP(@loaded_at) AS ${loadedAtColumn}`]
  const order = seq === undefined ? [seqColumn, orderColumn] : [`${seq} AS ${seqColumn}`, orderColumn]
  return `SELECT ${[...cells, ...system, ...(ordered ? order : [])].join(', ')} FROM ${table}`
}

/** Some columns of all sources, in the types of the target. */
export function selectSome(sources: readonly Source[], names: readonly string[], columns: readonly Column[]): string {
  const some = sources.map(({ table, columns: own }) => {
    const cells = names.map((name) => {
      const from = own.find((column) => sameName(column.name, name))
      return `${toCell(from?.name ?? name, from?.type, typeOf(columns, name) ?? 'string')} AS ${quoteName(name)}`
    })
    return `SELECT ${cells.join(', ')} FROM ${table}`
  })
  return some.join(' UNION ALL ')
}

/** BigQuery groups neither by FLOAT64 nor by JSON, and does not compare JSON. */
function comparable(value: string, type: ColumnType | undefined): string {
  if (type === 'number') return `CAST(${value} AS STRING)`
  return type === 'json' ? `TO_JSON_STRING(${value})` : value
}

/** Keys as a window partitions by them. */
export function listKeys(keys: readonly string[], columns: readonly Column[]): string {
  return keys.map((key) => comparable(quoteName(key), typeOf(columns, key))).join(', ')
}

/** `T`, a row of the target, has the key of `S`, one that comes. */
export function matchKeys(keys: Pick<Keys, 'columns' | 'nulls'>, columns: readonly Column[]): string {
  const match = (key: string): string => matchKey(key, typeOf(columns, key))
  const orNull = (key: string): string =>
    `(${match(key)} OR (T.${quoteName(key)} IS NULL AND S.${quoteName(key)} IS NULL))`
  return keys.columns.map(keys.nulls ? orNull : match).join(' AND ')
}

function matchKey(key: string, type: ColumnType | undefined): string {
  const [stored, fresh] = [`T.${quoteName(key)}`, `S.${quoteName(key)}`]
  return type === 'json' ? `${comparable(stored, type)} = ${comparable(fresh, type)}` : `${stored} = ${fresh}`
}

export const typeOf = (columns: readonly Column[], name: string): ColumnType | undefined =>
  columns.find((column) => sameName(column.name, name))?.type
