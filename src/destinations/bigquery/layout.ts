import { SyncError } from '../../base/errors.ts'
import type { Column, ColumnType } from '../../schema/types.ts'
import type { TableLayout, TablePlan } from '../destination.ts'
import { isTime } from '../../schema/flags.ts'
import { sameName } from '../../schema/system-columns.ts'
import type { TableReply } from './replies.ts'
import { typeOf } from './rows-sql.ts'
import { listNames, quoteName } from './sql.ts'

type PartitionPlan = NonNullable<TableLayout['partition']>

/** How a table lies. */
export interface Layout {
  readonly partition?: Pick<PartitionPlan, 'column' | 'by' | 'requireFilter'> | undefined
  readonly cluster: readonly string[]
}

/** The column of a table that is partitioned by when rows came, which somebody else has made. */
export const ingestionColumn = '_PARTITIONTIME'

const unclustered = /^(number|json|time|bytes|array|record)/
const maxClusters = 4

export function readLayout({
  timePartitioning,
  rangePartitioning,
  requirePartitionFilter,
  clustering,
}: TableReply): Layout {
  const requireFilter = requirePartitionFilter ?? timePartitioning?.requirePartitionFilter ?? false
  const cluster = clustering?.fields ?? []
  if (timePartitioning) {
    const by = timePartitioning.type.toLowerCase() as 'hour' | 'day' | 'month' | 'year'
    return { partition: { column: timePartitioning.field ?? ingestionColumn, by, requireFilter }, cluster }
  }
  if (!rangePartitioning) return { cluster }
  return { partition: { column: rangePartitioning.field, by: rangePartitioning.range, requireFilter }, cluster }
}

/**
 * How a new table is to lie. Unless the plan says otherwise, rows with keys lie by their keys: a merge finds them there
 * without a promise that a key stays in its partition. Rows that are appended by a time are partitioned by its month:
 * that is how they are asked for, and a table takes 10,000 partitions. Throws `CONFIG_INVALID` where the partition's
 * column is not there, or of another type.
 */
export function planLayout(plan: TablePlan, columns: readonly Column[]): Layout {
  const { layout, primaryKey, cursor } = plan
  const cluster = (layout?.cluster ?? (layout?.partition && primaryKey.length === 0 ? [] : primaryKey)).filter(
    (name) => {
      const type = typeOf(columns, name)
      return type !== undefined && !unclustered.test(type)
    },
  )
  const partition =
    layout?.partition ?? (primaryKey.length === 0 && !layout?.cluster ? byCursor(cursor, columns) : undefined)
  if (partition) checkPartition(plan, partition, typeOf(columns, partition.column))
  return { partition, cluster: cluster.slice(0, maxClusters) }
}

function byCursor(cursor: string | undefined, columns: readonly Column[]): Layout['partition'] {
  const type = cursor === undefined ? undefined : typeOf(columns, cursor)
  if (cursor === undefined || type === undefined || !isTime(type)) return undefined
  return { column: cursor, by: 'month', requireFilter: false }
}

function partitionTypes(by: PartitionPlan['by']): readonly ColumnType[] {
  if (typeof by === 'object') return ['integer']
  return by === 'hour' ? ['timestamp', 'datetime'] : ['timestamp', 'datetime', 'date']
}

const fitsPartition = (by: PartitionPlan['by'], type: ColumnType | undefined): boolean =>
  type !== undefined && partitionTypes(by).includes(type)

function checkPartition(
  { stream, table }: TablePlan,
  { column, by }: Pick<PartitionPlan, 'column' | 'by'>,
  type: ColumnType | undefined,
): void {
  if (fitsPartition(by, type)) return
  const expected = partitionTypes(by)
  const found = type === undefined ? 'no row has borne so far' : `holds ${type}`
  const message = `Stream ${stream} partitions table ${table} by ${column}, which ${found}: declare it under columns as ${expected.join(' or ')}, or choose another column; a table cannot be partitioned later.`
  throw new SyncError('CONFIG_INVALID', message)
}

/** What a new table gets beside its columns, as the REST API takes it. */
export function describeLayout({ partition, cluster }: Layout): object {
  return {
    ...(partition && describePartition(partition)),
    ...(cluster.length > 0 && { clustering: { fields: cluster } }),
  }
}

function describePartition({ column, by, requireFilter }: NonNullable<Layout['partition']>): object {
  const filter = requireFilter && { requirePartitionFilter: true }
  if (typeof by === 'string') return { timePartitioning: { type: by.toUpperCase(), field: column }, ...filter }
  const range = { start: String(by.start), end: String(by.end), interval: String(by.interval) }
  return { rangePartitioning: { field: column, range }, ...filter }
}

/** The same as the clauses of CREATE TABLE. */
export function spellLayout({ partition, cluster }: Layout, columns: readonly Column[]): string {
  const by = partition && `PARTITION BY ${spellPartition(partition, columns)}`
  const clusterBy = cluster.length > 0 && `CLUSTER BY ${listNames(cluster)}`
  const options = partition?.requireFilter && 'OPTIONS (require_partition_filter = TRUE)'
  return [by, clusterBy, options].filter(Boolean).join(' ')
}

function spellPartition({ column, by }: NonNullable<Layout['partition']>, columns: readonly Column[]): string {
  if (typeof by === 'object')
    return `RANGE_BUCKET(${quoteName(column)}, GENERATE_ARRAY(${by.start}, ${by.end}, ${by.interval}))`
  const type = typeOf(columns, column)
  return type === 'date' && by === 'day' ? quoteName(column) : truncate(quoteName(column), type, by)
}

/** The begin of the partition that a time lies in. */
export function truncate(value: string, type: ColumnType | undefined, by: string): string {
  const kind = type === 'date' || type === 'datetime' ? type.toUpperCase() : 'TIMESTAMP'
  return `${kind}_TRUNC(${value}, ${by.toUpperCase()})`
}

/** How a table that is made again lies as the one before, as far as its columns are still of such types. */
export function keepLayout(live: Layout, planned: Layout, columns: readonly Column[]): Layout {
  const { partition } = live
  const fits = partition && fitsPartition(partition.by, typeOf(columns, partition.column))
  return { partition: fits ? partition : planned.partition, cluster: planned.cluster }
}

export function samePartition(a: Layout['partition'], b: Layout['partition']): boolean {
  if (!a || !b) return !a && !b
  return sameName(a.column, b.column) && nameSteps(a.by) === nameSteps(b.by)
}

export const sameCluster = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, at) => sameName(name, b[at] ?? ''))

/** In plain words. */
export function namePartition(partition: Layout['partition']): string {
  return partition ? `partitioned by ${nameSteps(partition.by)} of ${partition.column}` : 'not partitioned'
}

function nameSteps(by: PartitionPlan['by']): string {
  return typeof by === 'string' ? `the ${by}` : `ranges of ${by.interval} from ${by.start} to ${by.end}`
}
