import { z } from 'zod'

const cursor = z.union([z.string().min(1), z.number()])

/** What a trigger asks for. */
export const runRequest = z
  .strictObject({
    connector: z.string().min(1),
    /** All of the connector's where absent. */
    streams: z.array(z.string().min(1)).min(1).optional(),
    /** Reads everything again; the table is replaced as a whole when the listing is complete. */
    full_refresh: z.boolean().default(false),
    /** A backfill beside the cursor: rows from `from` (inclusive) to `until` (exclusive). */
    from: cursor.optional(),
    until: cursor.optional(),
    /** Each stream stops at the first page end at which it has so many rows. */
    limit: z.int().min(1).optional(),
    budget_seconds: z.number().positive().optional(),
    /**
     * Set by a run for its own continuation: the run that began, how many came after it with this one, and at which commit
     * each stream was handed over, which tells whether somebody else has finished it since.
     */
    continues: z
      .strictObject({
        run: z.uuid(),
        seq: z.int().min(1),
        at: z.record(z.string(), z.int().min(0)).optional(),
      })
      .optional(),
  })
  .refine(({ from, until }) => (from === undefined) === (until === undefined), {
    error: 'from and until belong together',
  })
  .refine(({ from, full_refresh }) => from === undefined || !full_refresh, {
    error: 'from and until go without full_refresh, which would replace the table by that range alone',
  })

export type RunRequest = z.output<typeof runRequest>
