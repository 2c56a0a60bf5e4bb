import { z } from 'zod'

/** How BigQuery lays a table out; DuckDB and files have no use for it. */
export const partitionBy = z
  .strictObject({
    column: z
      .string()
      .min(1)
      .meta({ description: 'A field of the rows: a time, a date or an integer.', examples: ['created_at'] }),
    by: z
      .enum(['hour', 'day', 'month', 'year'])
      .optional()
      .meta({ description: 'The length of a partition by time; day by default.', examples: ['month'] }),
    range: z
      .strictObject({
        start: z.int().meta({ description: 'The first value.', examples: [0] }),
        end: z.int().meta({ description: 'The end, which is not included.', examples: [1_000_000] }),
        interval: z
          .int()
          .min(1)
          .meta({ description: 'The width of a partition.', examples: [1_000] }),
      })
      .optional()
      .meta({ description: 'Partitions by an integer.', examples: [{ start: 0, end: 1_000_000, interval: 1_000 }] }),
    require_filter: z
      .boolean()
      .default(false)
      .meta({ description: 'Queries of the table must say which partitions they read.', examples: [true] }),
    fixed: z
      .boolean()
      .default(false)
      .meta({
        description: 'A promise that a row never changes this field, so that a merge reads few partitions.',
        examples: [true],
      }),
  })
  .meta({
    description: 'BigQuery: how the table is partitioned.',
    examples: [{ column: 'created_at', by: 'month' }],
  })

export const clusterBy = z
  .array(z.string().min(1))
  .min(1)
  .max(4)
  .meta({
    description: 'BigQuery: up to four fields by which the table is clustered.',
    examples: [['customer_id', 'status']],
  })

const mode = z
  .enum(['soft', 'hard'])
  .default('soft')
  .meta({
    description: 'soft keeps the row and sets `_deleted_at`, hard removes it from the table.',
    examples: ['hard'],
  })

export const deletes = z
  .strictObject({
    flag: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'The field that says that a row is deleted.', examples: ['deleted_at'] }),
    value: z
      .union([z.string(), z.number(), z.boolean()])
      .optional()
      .meta({
        description: 'The value of the flag in deleted rows; by default anything but null, false, 0 and an empty text.',
        examples: ['archived'],
      }),
    absent: z
      .literal(true)
      .optional()
      .meta({ description: 'Rows that are missing from a complete listing are deleted.', examples: [true] }),
    max_share: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .meta({
        description:
          'The largest share of rows that may be absent; if more are, the run deletes nothing and fails. 0.5 if absent.',
        examples: [0.2],
      }),
    mode,
  })
  .meta({
    description: 'What happens to rows that are gone at the source.',
    examples: [{ flag: 'deleted_at' }, { absent: true, max_share: 0.2 }],
  })

export const replace = z
  .strictObject({
    max_share: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .meta({
        description:
          'The largest share of rows that may be gone; if more are, the run changes nothing and fails. 0.5 if absent; 1 is no limit.',
        examples: [0.2],
      }),
  })
  .meta({
    description: 'How far a listing that replaces the table (write: replace, or a full refresh) may shrink it.',
  })

export type PartitionConfig = z.output<typeof partitionBy>
export type DeletesConfig = z.output<typeof deletes>
