import { z } from 'zod'
import { cursorFormat, lookback, timeZone } from '../syntax/cursor-format.ts'

/** How a stream reads only what is new. */
export const incremental = z.strictObject({
  cursor: z
    .string()
    .min(1)
    .meta({
      description: 'The field of a row that says how new it is: a time, a number or a text.',
      examples: ['updated_at', 'meta.version'],
    }),
  start: z
    .union([z.string(), z.number()])
    .optional()
    .meta({
      description: 'The cursor of the first run; without it that run reads everything.',
      examples: ['2024-01-01', 1000],
    }),
  end: z
    .union([z.string(), z.number()])
    .optional()
    .meta({ description: 'Rows at or after it are left out.', examples: ['2025-01-01'] }),
  format: z
    .union([cursorFormat, z.array(cursorFormat).min(1)])
    .optional()
    .meta({
      description:
        'How the cursor is spelled, where it is not recognized: the name of a format, a pattern of strftime, or a list of them.',
      examples: ['epoch_ms', '%d.%m.%Y %H:%M', ['epoch_ms', 'iso']],
    }),
  time_zone: timeZone
    .optional()
    .meta({ description: 'The time zone of cursors without an offset; UTC if absent.', examples: ['Europe/Berlin'] }),
  lookback: lookback.default(0).meta({
    description:
      'How far before the saved cursor a listing starts, for rows that arrive late: a duration, or a number.',
    examples: ['PT1H', 10],
  }),
  order: z
    .enum(['asc', 'desc'])
    .optional()
    .meta({ description: 'The order of the rows by the cursor, as the provider promises it.', examples: ['asc'] }),
  per: z
    .enum(['slice', 'stream'])
    .optional()
    .meta({
      description:
        'With `partitions` or a `parent`: one cursor for each slice, or one for the stream. Default: slice, if the request or the run leaves out rows before the cursor.',
      examples: ['stream'],
    }),
  client_filter: z
    .boolean()
    .default(true)
    .meta({
      description: 'With append: leave out rows before the cursor that the provider sends anyway.',
      examples: [false],
    }),
})
