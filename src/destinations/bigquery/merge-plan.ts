import type { DeletePlan, TablePlan } from '../destination.ts'
import { deletedAtColumn, validFromColumn, validToColumn } from '../../schema/system-columns.ts'
import { removeAbsent } from './absence-sql.ts'
import { boundMerge, filterPartitions } from './bounds.ts'
import type { Write } from './commit-script.ts'
import { deletionTime, isTimedFlag } from '../flag-sql.ts'
import { selectVersions } from './history-sql.ts'
import { type Deletion, insertOnly, type Merge, upsert, versions } from './merge-sql.ts'
import { planOrdering } from '../ordering.ts'
import { type Keys, orderingSql, selectRows, selectUnique, type Source } from './rows-sql.ts'
import { flagDialect, quoteName } from './sql.ts'
import type { LiveTable } from './tables.ts'

export interface Merged {
  /** The target, as SQL spells it. */
  readonly table: string
  readonly live: LiveTable
  readonly keys: Keys
  readonly sources: readonly Source[]
  /** Whether the sources are all that there is, so that what they lack is gone. */
  readonly whole: boolean
}

/** What becomes of rows that have keys, in a table that has rows of the same keys. */
export function planMerge(plan: TablePlan, merged: Merged): Write {
  const { table, live, keys, sources, whole } = merged
  const { columns, layout } = live
  const filter = filterPartitions(layout, columns)
  const absence = whole ? removeAbsent(plan, { table, columns, filter, sources }) : []
  const target = { table, columns }
  if (sources.length === 0) return { kind: 'statements', statements: absence }
  const { partition } = plan.layout ?? {}
  const bounds = boundMerge({
    table,
    columns,
    layout,
    keys: keys.columns,
    nulls: keys.nulls,
    sources,
    fixed: partition?.fixed ? partition.column : undefined,
  })
  const history = { plan, table, columns, keys, sources, conditions: bounds.conditions }
  const merge: Merge = {
    keys,
    bounds: bounds.conditions,
    declarations: bounds.declarations,
    preparations: [...absence, ...bounds.preparations],
    ...(plan.write === 'scd2'
      ? {
          bounds: [...matchVersions, ...bounds.conditions],
          clauses: versions(plan.deletes),
          using: selectVersions(history),
        }
      : mergeRows(plan, merged)),
  }
  return { kind: 'merge', target, sources, merge }
}

const [from, to] = [validFromColumn, validToColumn].map(quoteName) as [string, string]

/** A version of the target is that of the source which holds since the same moment; one that comes is it only where it replaces it. */
const matchVersions = [
  `T.${from} = S.${from}`,
  `T.${to} IS DISTINCT FROM T.${from}`,
  '(NOT S._headrace_fresh OR S._headrace_replaces)',
]

function mergeRows(plan: TablePlan, { live, keys, sources }: Merged): Pick<Merge, 'clauses' | 'using'> {
  const { columns } = live
  const { deletes } = plan
  const deletion: Deletion | undefined = deletes && {
    mode: deletes.mode,
    merges: plan.merges === true,
    timed: isTimedFlag(deletes, columns),
  }
  const clauses = plan.write === 'insert_only' ? insertOnly(deletion) : upsert(keys.cursor, deletion)
  if (!deletes) return { clauses }
  return { clauses, using: selectUnique(selectMarked(deletes, columns, sources), columns, keys) }
}

/** The rows of a listing that becomes the table, where some of them say that they are gone. */
export function planReplacement(
  { deletes = { mode: 'soft' } }: TablePlan,
  columns: LiveTable['columns'],
  { keys, sources }: Pick<Merged, 'keys' | 'sources'>,
): { readonly select: string; readonly own: readonly string[] } {
  const rows = selectUnique(selectMarked(deletes, columns, sources), columns, keys)
  const isSoft = deletes.mode === 'soft'
  return {
    select: isSoft ? rows : `SELECT * FROM (${rows}) WHERE ${quoteName(deletedAtColumn)} IS NULL`,
    own: isSoft ? [deletedAtColumn] : [],
  }
}

function selectMarked(deletes: DeletePlan, columns: LiveTable['columns'], sources: readonly Source[]): string {
  return `SELECT *, ${deletionTime(deletes, columns, flagDialect)} AS ${quoteName(deletedAtColumn)} FROM (${selectRows(sources, columns, { ordered: true })})`
}

/** How rows of one key are told apart; none where the plan has no key. */
export function planKeys(plan: TablePlan, columns: LiveTable['columns']): Keys {
  const { primaryKey, keyNulls, write } = plan
  const cursor = planOrdering(plan, columns, orderingSql)
  return { columns: primaryKey, nulls: keyNulls, cursor, firstWins: write === 'insert_only' }
}
