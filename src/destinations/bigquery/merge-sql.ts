import type { DeletePlan } from '../destination.ts'
import { deletedAtColumn, validFromColumn, validToColumn } from '../../schema/system-columns.ts'
import type { Ordering } from '../ordering.ts'
import type { Keys } from './rows-sql.ts'
import { listNames, quoteName } from './sql.ts'

/** A MERGE as data, so that a mode of writing is a value rather than a template of its own. `T` is the target, `S` what comes. */
export interface Merge {
  readonly keys: Keys
  /** Further conditions on `T` beside the keys: constants that let BigQuery skip partitions. */
  readonly bounds: readonly string[]
  /** The condition and action of each `WHEN` clause, in order. */
  readonly clauses: (merged: { readonly columns: readonly string[] }) => readonly string[]
  /** The script's variables. */
  readonly declarations?: readonly string[]
  /** Statements before the MERGE, in its transaction. */
  readonly preparations?: readonly string[]
  /** A SELECT of what is merged; the sources' rows where absent, one of each key. */
  readonly using?: string
}

type Clauses = Merge['clauses']

export interface Deletion {
  readonly mode: DeletePlan['mode']
  /** Whether a listing of everything is merged, so that what it holds is there, however old it is. */
  readonly merges: boolean
  /** Whether the flag says when the row was deleted; else it is so since it was first seen. */
  readonly timed: boolean
}

const deletedAt = quoteName(deletedAtColumn)

/**
 * The newer row replaces the stored one as a whole; one that is older than what is stored does not. Of two rows one of which
 * is ahead of its time the later to arrive stays.
 */
export function upsert(cursor: Ordering | undefined, deletion?: Deletion): Clauses {
  return ({ columns }) => {
    const isNewer = newer(cursor, deletion)
    const set = columns.map((name) => `${quoteName(name)} = S.${quoteName(name)}`)
    if (deletion?.mode === 'soft') set.push(`${deletedAt} = ${deletion.timed ? `S.${deletedAt}` : keptTime}`)
    return [
      ...(deletion?.mode === 'hard' ? [`WHEN MATCHED${isNewer} AND S.${deletedAt} IS NOT NULL THEN DELETE`] : []),
      `WHEN MATCHED${isNewer} THEN UPDATE SET ${set.join(', ')}`,
      insertMissing(columns, deletion),
    ]
  }
}

const keptTime = `IF(S.${deletedAt} IS NULL, NULL, IFNULL(T.${deletedAt}, S.${deletedAt}))`

function newer(cursor: Ordering | undefined, deletion: Deletion | undefined): string {
  if (cursor === undefined) return ''
  const [stored, fresh] = [cursor.value('T.'), cursor.value('S.')]
  const back = deletion?.mode === 'soft' && deletion.merges ? ` OR T.${deletedAt} IS NOT NULL` : ''
  const { isAhead } = cursor
  const untold = isAhead ? ` OR ${isAhead('T.')} OR ${isAhead('S.')}` : ''
  return ` AND (${stored} IS NULL OR ${fresh} >= ${stored}${untold}${back})`
}

/** What is stored stays as it is. */
export function insertOnly(deletion?: Deletion): Clauses {
  return ({ columns }) => [insertMissing(columns, deletion)]
}

function insertMissing(columns: readonly string[], deletion: Deletion | undefined): string {
  const names = [...columns, ...(deletion?.mode === 'soft' ? [deletedAtColumn] : [])]
  const alive = deletion?.mode === 'hard' ? ` AND S.${deletedAt} IS NULL` : ''
  return `WHEN NOT MATCHED${alive} THEN ${insertRow(names)}`
}

function insertRow(names: readonly string[]): string {
  return `INSERT (${listNames(names)}) VALUES (${names.map((name) => `S.${quoteName(name)}`).join(', ')})`
}

/** Versions of a history: those that come, and those stored whose end they change (`_headrace_fresh`, `_headrace_end`). */
export function versions(deletes: DeletePlan | undefined): Clauses {
  return ({ columns }) => {
    const kept = [...columns, validFromColumn, ...(deletes?.mode === 'soft' ? [deletedAtColumn] : [])]
    const end = `${quoteName(validToColumn)} = S._headrace_end`
    const set = [...kept.map((name) => `${quoteName(name)} = S.${quoteName(name)}`), end].join(', ')
    const isGone = `S._headrace_fresh AND S.${deletedAt} IS NOT NULL`
    const values = [...kept.map((name) => `S.${quoteName(name)}`), 'S._headrace_end'].join(', ')
    const alive = deletes?.mode === 'hard' ? ` AND S.${deletedAt} IS NULL` : ''
    return [
      ...(deletes?.mode === 'hard' ? [`WHEN MATCHED AND ${isGone} THEN DELETE`] : []),
      `WHEN MATCHED AND S._headrace_fresh THEN UPDATE SET ${set}`,
      `WHEN MATCHED THEN UPDATE SET ${end}`,
      `WHEN NOT MATCHED AND S._headrace_fresh${alive} THEN INSERT (${listNames([...kept, validToColumn])}) VALUES (${values})`,
    ]
  }
}
