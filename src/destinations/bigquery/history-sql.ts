import type { Column } from '../../schema/types.ts'
import { typeTree } from '../../schema/type-tree.ts'
import type { TablePlan } from '../destination.ts'
import {
  deletedAtColumn,
  loadedAtColumn,
  runIdColumn,
  sameName,
  validFromColumn,
  validToColumn,
} from '../../schema/system-columns.ts'
import { cursorTime, forever } from './cursor-time.ts'
import { deletionTime } from '../flag-sql.ts'
import {
  type Keys,
  listKeys,
  matchKeys,
  orderColumn,
  selectRows,
  selectSome,
  selectUnique,
  seqColumn,
  type Source,
} from './rows-sql.ts'
import { flagDialect, listNames, quoteName } from './sql.ts'
import { toCastType } from './types.ts'

// A history (`write: scd2`) has one row a version. A version holds from `_valid_from` up to `_valid_to` (exclusive). Of
// versions of a key that begin at once the one that came last holds; the others are kept with no length. A deletion
// that is kept is a version of no length too, so that what arrives late finds it in its place.

const [from, to, deleted, loaded] = [validFromColumn, validToColumn, deletedAtColumn, loadedAtColumn].map(
  quoteName,
) as [string, string, string, string]

export interface History {
  readonly plan: TablePlan
  /** The target, as SQL spells it. */
  readonly table: string
  /** Of the target. */
  readonly columns: readonly Column[]
  readonly keys: Keys
  readonly sources: readonly Source[]
  /** Conditions on `T`, as in `Bounds`. */
  readonly conditions: readonly string[]
}

/**
 * The versions that change: those that come (`_headrace_fresh`) with when they end (`_headrace_end`), and the stored ones
 * whose end becomes another. Each step is a SELECT of the one before, over all versions of the keys that come.
 */
export function selectVersions(history: History): string {
  const { keys, columns, plan } = history
  const key = listKeys(keys.columns, columns)
  const timed = cursorTime(plan, columns) !== undefined
  const present = plan.merges === true
  const steps = [
    lookBack(key, keys, timed),
    recognize(key),
    dropKnown({ keys, timed, present }),
    meetPlaces(key),
    avoidCollision,
    supersedeVersions(key, timed),
    lookAhead(key),
    endVersions,
  ]
  const lines = `${selectFresh(history, timed)}\nUNION ALL\n${selectStored(history)}`
  const all = steps.reduce((rows, step) => step(`(${rows})`), lines)
  return `SELECT * FROM (${all}) WHERE _headrace_fresh OR ${to} IS DISTINCT FROM _headrace_end`
}

const content = '_headrace_content'

function listAll(columns: readonly Column[]): string {
  const names = [
    ...columns.map(({ name }) => name),
    runIdColumn,
    loadedAtColumn,
    validFromColumn,
    validToColumn,
    deletedAtColumn,
  ]
  return listNames([...names, content, '_headrace_fresh', '_headrace_ahead', seqColumn, orderColumn])
}

/** Two versions are the same where every column of the provider's is. */
function hashContent(columns: readonly Column[], prefix: string): string {
  const cells = columns.map(({ name, type }) => {
    const value = `${prefix}${quoteName(name)}`
    return `${typeTree(type).kind === 'array' ? `IFNULL(${value}, [])` : value} AS ${quoteName(name)}`
  })
  return `SHA256(TO_JSON_STRING(STRUCT(${cells.join(', ')})))`
}

/** The rows that come, one for each moment of a key, or of a key where they have no time or are a listing of all. */
function selectFresh({ plan, columns, keys, sources }: History, timed: boolean): string {
  const time = [cursorTime(plan, columns), loaded].filter(Boolean).join(', ')
  const rows = `SELECT *, COALESCE(${time}) AS ${from}, CAST(NULL AS TIMESTAMP) AS ${to}, ${deletionTime(plan.deletes ?? {}, columns, flagDialect)} AS ${deleted},
${hashContent(columns, '')} AS ${content}, TRUE AS _headrace_fresh, FALSE AS _headrace_ahead FROM (${selectRows(sources, columns, { ordered: true })})`
  const isListing = !timed || plan.merges === true
  return `SELECT ${listAll(columns)} FROM (${isListing ? selectUnique(rows, columns, keys) : selectMoments(rows, listKeys(keys.columns, columns))})`
}

/** Of rows of one key that begin at once the last, and with a time of their own all that differ: each was a version. */
function selectMoments(rows: string, key: string): string {
  const own = `IF(${from} <> ${loaded}, ${content}, NULL)`
  return `SELECT * FROM (${rows}) WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY ${key}, ${from}, ${own} ORDER BY ${seqColumn} DESC, ${orderColumn} DESC) = 1`
}

/** The stored versions of the keys that come; of their columns only what the steps need. */
function selectStored({ plan, table, columns, keys, sources, conditions }: History): string {
  const needed = [...keys.columns, ...(keys.cursor?.columns ?? [])]
  const cells = columns.map(({ name, type }) => {
    if (needed.some((one) => sameName(one, name))) return `T.${quoteName(name)}`
    const kind = typeTree(type).kind
    return `${kind === 'array' ? `${toCastType(type)}[]` : `CAST(NULL AS ${toCastType(type)})`} AS ${quoteName(name)}`
  })
  const own = [
    `T.${runIdColumn}`,
    `CAST(NULL AS TIMESTAMP) AS ${loaded}`,
    `T.${from}`,
    `T.${to}`,
    plan.deletes?.mode === 'soft' ? `T.${deleted}` : `CAST(NULL AS TIMESTAMP) AS ${deleted}`,
    `${hashContent(columns, 'T.')} AS ${content}`,
    'FALSE AS _headrace_fresh',
    `${keys.cursor?.isAhead?.('T.') ?? 'FALSE'} AS _headrace_ahead`,
    `CAST(NULL AS INT64) AS ${seqColumn}`,
    `CAST(NULL AS INT64) AS ${orderColumn}`,
  ]
  const comes = `EXISTS (SELECT 1 FROM (${selectSome(sources, keys.columns, columns)}) AS S WHERE ${matchKeys(keys, columns)})`
  return `SELECT ${[...cells, ...own].join(', ')} FROM ${table} AS T WHERE ${[...conditions, comes].join(' AND ')}`
}

type Step = (rows: string) => string

const over = (by: string): string => `OVER (PARTITION BY ${by})`

/** What is stored of the key of each row. */
function lookBack(key: string, { cursor }: Keys, timed: boolean): Step {
  const parts = [
    `LOGICAL_OR(NOT _headrace_fresh AND ${to} IS NULL) ${over(key)} AS _headrace_open`,
    `LOGICAL_OR(NOT _headrace_fresh AND ${to} IS NULL AND _headrace_ahead) ${over(key)} AS _headrace_open_ahead`,
    `MAX(IF(_headrace_fresh, NULL, GREATEST(${from}, IFNULL(${to}, ${from})))) ${over(key)} AS _headrace_stop`,
    `MAX(IF(_headrace_fresh, NULL, ${from})) ${over(key)} AS _headrace_last`,
    ...(cursor === undefined || timed
      ? []
      : [`MAX(IF(_headrace_fresh, NULL, ${cursor.value('')})) ${over(key)} AS _headrace_cursor`]),
  ]
  return (rows) => `SELECT *, ${parts.join(', ')} FROM ${rows}`
}

/** Whether a stored version has the content of the row, whether the last one has, and whether that one still holds. */
function recognize(key: string): Step {
  const by = over(`${key}, ${content}`)
  const isLast = `NOT _headrace_fresh AND ${from} = _headrace_last AND (IFNULL(${to} <> ${from}, TRUE) OR ${deleted} IS NOT NULL)`
  return (rows) => `SELECT *, LOGICAL_OR(NOT _headrace_fresh) ${by} AS _headrace_known,
LOGICAL_OR(${isLast}) ${by} AS _headrace_stands, LOGICAL_OR(${isLast} AND ${to} IS NULL) ${by} AS _headrace_holds FROM ${rows}`
}

/**
 * Leaves out what the history holds already (with a time of its own anywhere, else as what came last), and what is older
 * than it where rows have no time. What has no time of its
 * own, or is there again after it was deleted, begins behind all that is stored of its key. So does what comes after a
 * version whose cursor is ahead: else that one would hold for good.
 */
function dropKnown({
  keys,
  timed,
  present,
}: {
  readonly keys: Keys
  readonly timed: boolean
  readonly present: boolean
}): Step {
  const stands = `IF(${deleted} IS NULL, _headrace_holds, _headrace_stands)`
  const isKnown = !timed
    ? stands
    : present
      ? '_headrace_known AND _headrace_open'
      : `IF(${from} <> ${loaded}, _headrace_known, ${stands})`
  const at = keys.cursor?.value('')
  const isOlder =
    at === undefined || timed
      ? ''
      : ` OR (_headrace_cursor IS NOT NULL AND (${at} IS NULL OR ${at} < _headrace_cursor))`
  const isPast = present ? 'NOT _headrace_open OR _headrace_open_ahead' : '_headrace_open_ahead'
  const isBehind = timed ? `(${isPast}) AND ${from} < _headrace_stop` : 'TRUE'
  const begin = `IF(_headrace_fresh AND _headrace_stop IS NOT NULL AND ${isBehind}, GREATEST(${timed ? loaded : from}, _headrace_stop), ${from})`
  return (rows) =>
    `SELECT * REPLACE (${begin} AS ${from}) FROM ${rows} WHERE NOT _headrace_fresh OR NOT (${isKnown}${isOlder})`
}

const isDeletion = `NOT _headrace_fresh AND ${deleted} IS NOT NULL AND IFNULL(${to} = ${from}, FALSE)`

/** What is stored that begins at the same moment. */
function meetPlaces(key: string): Step {
  const by = over(`${key}, ${from}`)
  return (rows) => `SELECT *, LOGICAL_OR(${isDeletion}) ${by} AS _headrace_at_deletion,
LOGICAL_OR(NOT _headrace_fresh AND NOT (${isDeletion})) ${by} AS _headrace_at_version FROM ${rows}`
}

/** A deletion and a version do not begin at once: the one that came later begins later. */
const avoidCollision: Step = (rows) => {
  const meets = `_headrace_fresh AND IF(${deleted} IS NULL, _headrace_at_deletion, _headrace_at_version)`
  const later = `GREATEST(${loaded}, TIMESTAMP_ADD(${from}, INTERVAL 1 MICROSECOND))`
  return `SELECT * REPLACE (IF(${meets}, ${later}, ${from}) AS ${from}) FROM ${rows}`
}

/**
 * A version that has no time of its own gives way to one that the same run brings later (`_headrace_replaces`); how
 * long it held is kept. The others stay, those with no length first, then what is stored, then what comes.
 */
function supersedeVersions(key: string, timed: boolean): Step {
  const by = `${key}, ${from}, ${runIdColumn}`
  const own = timed ? `${from} = ${loaded}` : 'TRUE'
  const comes = `LOGICAL_OR(_headrace_fresh AND ${own}) ${over(by)}`
  const held = `MAX(IF(_headrace_fresh, NULL, IFNULL(${to}, ${forever}))) ${over(by)}`
  return (
    rows,
  ) => `SELECT *, IF(_headrace_fresh AND NOT (${own}), NULL, IF(_headrace_fresh, ${held}, IFNULL(${to}, ${forever}))) AS _headrace_held,
_headrace_fresh AND ${own} AND ${held} IS NOT NULL AS _headrace_replaces,
IF(_headrace_fresh, 2, IF(IFNULL(${to} = ${from}, FALSE), 0, 1)) AS _headrace_rank,
IF(_headrace_fresh, ${deleted} IS NOT NULL, IFNULL(${to} = ${from}, FALSE)) AS _headrace_deletion FROM ${rows} WHERE TRUE
QUALIFY _headrace_fresh OR NOT ${comes}`
}

/** What follows a version, and where the one that it interrupts was over. */
function lookAhead(key: string): Step {
  const line = `PARTITION BY ${key} ORDER BY ${from}, _headrace_rank, ${seqColumn}, ${orderColumn}`
  return (rows) => `SELECT *, LEAD(${from}) OVER (${line}) AS _headrace_next,
LAST_VALUE(_headrace_held IGNORE NULLS) OVER (${line} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS _headrace_over FROM ${rows}`
}

const endVersions: Step = (rows) => {
  const interrupted = `IF(_headrace_over > ${from}, _headrace_over, ${forever})`
  const end = `NULLIF(LEAST(IFNULL(_headrace_next, ${forever}), ${interrupted}), ${forever})`
  return `SELECT *, IF(_headrace_deletion, ${from}, ${end}) AS _headrace_end FROM ${rows}`
}

interface HistoryTable {
  /** As SQL spells it. */
  readonly table: string
  readonly columns: readonly Column[]
  readonly filter: readonly string[]
}

/** How many keys of a table have several rows. */
export function countRepeated({
  table,
  keys,
  columns,
  filter,
}: HistoryTable & { readonly keys: readonly string[] }): string {
  const where = filter.length > 0 ? ` WHERE ${filter.join(' AND ')}` : ''
  return `SELECT COUNT(*) FROM (SELECT 1 FROM ${table} AS T${where} GROUP BY ${listKeys(keys, columns)} HAVING COUNT(*) > 1)`
}

/**
 * The rows of a table that was no history so far become the first versions of one; those that are `marked` as deleted
 * were so by then. The column that makes it a history
 * gets its name last, so that a run that ends in between leaves a table of which the next one sees that it is none yet.
 */
export function beginHistory(
  plan: TablePlan,
  { table, columns, filter, marked }: HistoryTable & { readonly marked: boolean },
): string {
  const time = [cursorTime(plan, columns), loaded, 'TIMESTAMP(@loaded_at)'].filter(Boolean).join(', ')
  // A flagged row says that it is gone, any other when it went.
  const end = plan.deletes?.flag === undefined ? `GREATEST(${from}, ${deleted})` : from
  const gone = [...filter, `${deleted} IS NOT NULL`].join(' AND ')
  const ended = marked ? `UPDATE ${table} AS T SET _headrace_valid_to = ${end} WHERE ${gone};\n` : ''
  return `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${from} TIMESTAMP;
ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS _headrace_valid_to TIMESTAMP;
UPDATE ${table} AS T SET ${from} = COALESCE(${time}) WHERE ${[...filter, `${from} IS NULL`].join(' AND ')};
${ended}ALTER TABLE ${table} RENAME COLUMN _headrace_valid_to TO ${to};
`
}
