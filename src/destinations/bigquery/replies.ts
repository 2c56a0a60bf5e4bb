import { z } from 'zod'

// What is read of the service's answers (https://cloud.google.com/bigquery/docs/reference/rest/v2); all else is let be.
// Integers of 64 bits come as strings.

const count = z.coerce.number()

const failure = z.object({ reason: z.string().default('unknown'), message: z.string().default('') })

export const errorReply = z.object({
  error: z.object({
    message: z.string().default(''),
    status: z.string().optional(),
    errors: z.array(failure).default([]),
  }),
})

export const datasetReply = z.object({ location: z.string() })

/** A column, or a field of a nested one. */
export interface Field {
  readonly [key: string]: unknown
  readonly name: string
  readonly type: string
  readonly mode: string
  readonly fields?: readonly Field[] | undefined
  readonly precision?: string | undefined
  readonly scale?: string | undefined
}

/** What is not read of it is kept as it is, so that it can be sent back. */
const fieldReply: z.ZodType<Field> = z.looseObject({
  name: z.string(),
  type: z.string(),
  mode: z.string().default('NULLABLE'),
  fields: z.array(z.lazy(() => fieldReply)).optional(),
  precision: z.string().optional(),
  scale: z.string().optional(),
})

export const tableReply = z.object({
  etag: z.string().optional(),
  creationTime: z.string().default('0'),
  schema: z.object({ fields: z.array(fieldReply).default([]) }).default({ fields: [] }),
  timePartitioning: z
    .object({ type: z.string(), field: z.string().nullish(), requirePartitionFilter: z.boolean().nullish() })
    .nullish(),
  rangePartitioning: z
    .object({ field: z.string(), range: z.object({ start: count, end: count, interval: count }) })
    .nullish(),
  requirePartitionFilter: z.boolean().nullish(),
  clustering: z.object({ fields: z.array(z.string()).default([]) }).nullish(),
})

export const tableListReply = z.object({
  tables: z.array(z.object({ tableReference: z.object({ tableId: z.string() }) })).default([]),
  nextPageToken: z.string().nullish(),
})

export const jobReply = z.object({
  jobReference: z.object({ jobId: z.string().nullish() }).default({}),
  configuration: z.object({ labels: z.record(z.string(), z.string()).nullish() }).default({}),
  status: z.object({ state: z.string(), errorResult: failure.nullish() }),
  statistics: z
    .object({
      totalBytesProcessed: count.default(0),
      totalSlotMs: count.default(0),
      load: z.object({ outputRows: count.default(0) }).optional(),
      query: z.object({ totalBytesBilled: count.default(0) }).optional(),
    })
    .default({ totalBytesProcessed: 0, totalSlotMs: 0 }),
})

export const rowsReply = z.object({
  jobReference: z.object({ jobId: z.string().nullish() }).nullish(),
  jobComplete: z.boolean().default(true),
  totalBytesProcessed: count.default(0),
  totalBytesBilled: count.optional(),
  totalSlotMs: count.default(0),
  rows: z.array(z.object({ f: z.array(z.object({ v: z.string().nullable() })) })).default([]),
  pageToken: z.string().nullish(),
})

export type TableReply = z.output<typeof tableReply>
export type JobReply = z.output<typeof jobReply>
export type RowsReply = z.output<typeof rowsReply>

/** Of requests whose answer tells nothing more. */
export const anyReply = z.unknown()
