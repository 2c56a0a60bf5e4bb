import type { PartitionConfig } from '../table-layout.ts'
import type { StreamSubject } from './subject.ts'

const times = ['timestamp', 'datetime', 'date']
/** What BigQuery clusters by: https://cloud.google.com/bigquery/docs/clustered-tables, "Cluster column types". */
const unclustered = /^(number|json|time|bytes|array|record)/
/** BigQuery keeps at most so many partitions of a table by a range of integers. */
const maxPartitions = 10_000

/** Partitions and clusters, as far as the types of their columns are declared; the rest shows when the table is made. */
export function checkLayout({ stream, broken, report }: StreamSubject): void {
  const { partition_by: partition, cluster_by: cluster } = stream
  const columns = broken.has('columns') ? {} : (stream.columns ?? {})
  if (partition && !broken.has('partition_by')) {
    checkPartition(partition, (path, message) => report(['partition_by', ...path], message))
    const column = columns[partition.column]
    const by = partition.range ? 'range' : 'by'
    if (column?.drop) report(['partition_by', 'column'], 'this field is dropped, so no partition can be told from it')
    else if (column?.type !== undefined && !(partition.range ? column.type === 'integer' : times.includes(column.type)))
      report(
        ['partition_by', by],
        `the column is ${column.type}: expected ${partition.range ? 'integer' : 'a time or date'}`,
      )
  }
  cluster?.forEach((field, at) => {
    if (broken.has('cluster_by')) return
    const column = columns[field]
    if (cluster.indexOf(field) !== at) report(['cluster_by', at], 'a field stands here twice')
    else if (column?.drop) report(['cluster_by', at], 'this field is dropped')
    else if (column?.type !== undefined && unclustered.test(column.type))
      report(['cluster_by', at], `BigQuery does not cluster by ${column.type}`)
  })
}

function checkPartition(
  { by, range }: PartitionConfig,
  report: (path: readonly string[], message: string) => void,
): void {
  if (!range) return
  if (by !== undefined) report(['by'], 'partitions are either by a time or by a range: leave one of them out')
  if (range.end <= range.start) report(['range', 'end'], 'expected start before end')
  else if ((range.end - range.start) / range.interval > maxPartitions)
    report(['range', 'interval'], `a table has at most ${maxPartitions} partitions: make the interval larger`)
}
