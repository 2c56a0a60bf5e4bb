import { formatsOf } from '../syntax/cursor-format.ts'
import type { StreamConfig } from '../connector/connector.ts'
import type { DeletePlan, TableLayout, TablePlan } from '../destinations/destination.ts'

/** A listing that lacks more than half of the rows is taken for a fault of the provider. */
const defaultMaxShare = 0.5

type ColumnOf = (key: string) => string

/** What a stream says of its table beyond how rows are written, by the names of columns. */
export function planTable(
  stream: StreamConfig,
  columnOf: ColumnOf,
): Pick<TablePlan, 'deletes' | 'layout' | 'cursorUnit' | 'maxShrink'> {
  const { incremental, deletes } = stream
  const layout = planLayout(stream, columnOf)
  return {
    maxShrink: stream.replace?.max_share ?? defaultMaxShare,
    ...planUnit(incremental),
    ...(deletes && { deletes: planDeletes(deletes, columnOf) }),
    ...(layout && { layout }),
  }
}

function planUnit(incremental: StreamConfig['incremental']): Pick<TablePlan, 'cursorUnit'> {
  const [format, ...others] = (incremental && formatsOf(incremental)) ?? []
  if (others.length > 0 || (format !== 'epoch' && format !== 'epoch_ms')) return {}
  return { cursorUnit: format === 'epoch' ? 'seconds' : 'milliseconds' }
}

function planDeletes(deletes: NonNullable<StreamConfig['deletes']>, columnOf: ColumnOf): DeletePlan {
  const { mode, flag, value, max_share: maxShare = defaultMaxShare } = deletes
  if (flag === undefined) return { mode, maxShare }
  return { mode, flag: columnOf(flag), ...(value !== undefined && { value }) }
}

function planLayout(stream: StreamConfig, columnOf: ColumnOf): TableLayout | undefined {
  const { partition_by: partition, cluster_by: cluster } = stream
  if (!partition && !cluster) return undefined
  return {
    ...(partition && {
      partition: {
        column: columnOf(partition.column),
        by: partition.range ?? partition.by ?? 'day',
        requireFilter: partition.require_filter,
        fixed: partition.fixed || (stream.primary_key?.includes(partition.column) ?? false),
      },
    }),
    ...(cluster && { cluster: cluster.map(columnOf) }),
  }
}
