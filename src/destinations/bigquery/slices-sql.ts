import type { SliceProgress, SliceState } from '../slice-state.ts'
import type { TablePlan } from '../destination.ts'
import { slicesTable } from '../../schema/system-columns.ts'
import type { Parameter, Sql } from './sql.ts'
import { qualify, type Warehouse } from './warehouse.ts'
import type { Group } from './writer-state.ts'

/** What a script says of a stream's slices: its statements, and the values they refer to. */
export interface SliceWrites {
  readonly statements: readonly string[]
  readonly parameters: Readonly<Record<string, Parameter>>
}

/** A row is added for each slice that has changed; the end of a listing removes those that no longer hold. */
export function planSlices(warehouse: Warehouse, plan: TablePlan, { batches }: Group): SliceWrites | undefined {
  if (!plan.slices || batches.every(({ batch }) => !batch.slices)) return undefined
  const table = qualify(warehouse, slicesTable)
  const remove = (where: string): string => `DELETE FROM ${table} AS T WHERE T.stream = @stream AND ${where}`
  const begins = !plan.resumed && batches[0]?.batch.seq === plan.position.seq + 1
  const changed = batches.filter(({ batch }) => (batch.slices?.length ?? 0) > 0)
  const retract = batches.flatMap(({ batch }) => batch.retract)
  const isComplete = batches.at(-1)?.batch.complete === true
  const statements = [
    ...(plan.staged && begins ? [remove('T.staged')] : []),
    ...(batches.some(({ batch }) => batch.forgetsSlices) ? [remove('NOT T.staged')] : []),
    ...(retract.length > 0 ? [remove('NOT T.staged AND T.run_id IN UNNEST(@slices_of)')] : []),
    ...changed.map(({ batch }) => insert(table, batch.seq, plan.staged)),
    ...(isComplete && plan.staged
      ? [remove('NOT T.staged'), `UPDATE ${table} SET staged = FALSE WHERE stream = @stream`]
      : []),
    ...(isComplete ? [remove(`T.seq < (${lastOf(table)})`)] : []),
  ]
  const parameters = changed.map(({ batch }): [string, Parameter] => [
    `slices_${batch.seq}`,
    { type: 'STRING', value: (batch.slices ?? []).map((state) => JSON.stringify(state)) },
  ])
  return {
    statements,
    parameters: {
      ...Object.fromEntries(parameters),
      ...(retract.length > 0 && { slices_of: { type: 'STRING', value: retract } as const }),
    },
  }
}

const lastOf = (table: string): string =>
  `SELECT MAX(later.seq) FROM ${table} AS later WHERE later.stream = T.stream AND later.slice = T.slice`

function insert(table: string, seq: number, staged: boolean): string {
  return `INSERT INTO ${table} (stream, slice, progress, staged, seq, run_id, committed_at)
SELECT @stream, JSON_VALUE(state, '$.slice'), PARSE_JSON(JSON_QUERY(state, '$.progress')), ${staged ? 'TRUE' : 'FALSE'}, ${seq}, @run_id, CURRENT_TIMESTAMP()
FROM UNNEST(@slices_${seq}) AS state`
}

export function selectSlices(
  warehouse: Warehouse,
  stream: string,
  {
    without = [],
    staged = false,
  }: { readonly without?: readonly string[] | undefined; readonly staged?: boolean | undefined },
): Sql {
  const except = without.length > 0 ? ' AND run_id NOT IN UNNEST(@without)' : ''
  return {
    query: `SELECT slice, TO_JSON_STRING(progress) FROM ${qualify(warehouse, slicesTable)}
WHERE stream = @stream AND ${staged ? '' : 'NOT '}staged${except} QUALIFY ROW_NUMBER() OVER (PARTITION BY slice ORDER BY seq DESC) = 1 ORDER BY slice`,
    parameters: {
      stream: { type: 'STRING', value: stream },
      ...(without.length > 0 && { without: { type: 'STRING', value: without } as const }),
    },
  }
}

export const toSliceState = ([slice, progress]: readonly (string | null)[]): SliceState => ({
  slice: String(slice),
  progress: JSON.parse(progress ?? 'null') as SliceProgress,
})
