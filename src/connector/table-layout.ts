import { z } from 'zod'

/** How BigQuery lays a table out; DuckDB and files have no use for it. */
export const partitionBy = z
  .strictObject({
    column: z.string().min(1).meta({ description: 'A field of the rows that is a time, a date or an integer.' }),
    by: z.enum(['hour', 'day', 'month', 'year']).optional().meta({ description: 'Of a time or date; day by default.' }),
    range: z
      .strictObject({ start: z.int(), end: z.int(), interval: z.int().min(1) })
      .optional()
      .meta({ description: 'Of an integer: from start to before end in steps of interval.' }),
    require_filter: z
      .boolean()
      .default(false)
      .meta({ description: 'A query of the table must say which partitions it reads.' }),
    fixed: z.boolean().default(false).meta({
      description: 'Promises that a row keeps its value for ever, so that a merge looks into few partitions.',
    }),
  })
  .meta({ description: 'BigQuery: how the table is partitioned.' })

export const clusterBy = z
  .array(z.string().min(1))
  .min(1)
  .max(4)
  .meta({ description: 'BigQuery: up to four fields by which rows lie together.' })

const mode = z.enum(['soft', 'hard']).default('soft').meta({
  description: 'soft keeps the row and sets _deleted_at, hard takes it out of the table.',
})

export const deletes = z
  .strictObject({
    flag: z.string().min(1).optional().meta({ description: 'A field that says that a row is deleted.' }),
    value: z
      .union([z.string(), z.number(), z.boolean()])
      .optional()
      .meta({ description: 'What the flag then is; else anything but null, false, 0 and an empty text.' }),
    absent: z
      .literal(true)
      .optional()
      .meta({ description: 'Rows that a complete listing no longer holds are deleted.' }),
    max_share: z.number().min(0).max(1).optional().meta({
      description: 'The run deletes nothing and fails where more of the rows than this would be absent; 0.5.',
    }),
    mode,
  })
  .meta({ description: 'How rows that are gone at the source leave the table.' })

export const replace = z
  .strictObject({
    max_share: z.number().min(0).max(1).optional().meta({
      description:
        'The run changes nothing and fails where more of the rows than this would be gone; 0.5. 1: no limit.',
    }),
  })
  .meta({
    description: 'A listing that replaces the table (write: replace, or a full refresh) must not shrink it by more.',
  })

export type PartitionConfig = z.output<typeof partitionBy>
export type DeletesConfig = z.output<typeof deletes>
