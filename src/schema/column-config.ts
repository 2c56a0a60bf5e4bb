import { z } from 'zod'
import { scalarTypes } from './types.ts'
import { timeFormat, timeZone } from '../syntax/cursor-format.ts'
import { listNames, suggest } from '../base/nearest.ts'

const words = [...scalarTypes, 'record', 'decimal(p,s)', 'array<T>']

/** What is in the brackets is looked at by checks/columns.ts, which can say what is wrong with it. */
const columnType = z
  .union([
    z.enum([...scalarTypes, 'record']),
    z.stringFormat('column type', /^(decimal|array|record) ?[(<].*$/, {
      error: ({ input }) => `expected one of ${listNames(words)}${suggest(String(input), words)}`,
    }),
  ])
  .meta({
    description: 'The type of the column; also decimal(p,s), such as decimal(18,4), array<T> and array<record>.',
    examples: ['timestamp', 'decimal(18,4)', 'array<string>'],
  })

const field = z.strictObject({
  type: columnType,
  get fields(): z.ZodOptional<typeof fields> {
    return fields.optional()
  },
})

const fields: z.ZodRecord<z.ZodString, z.ZodUnion<[typeof columnType, z.ZodType<Field, Field>]>> = z.record(
  z.string(),
  z.union([columnType, z.lazy((): z.ZodType<Field, Field> => field)]),
)

export interface Field {
  type: z.output<typeof columnType>
  fields?: Record<string, z.output<typeof columnType> | Field> | undefined
}

/** What a field of a row becomes. */
export const columnConfig = z.strictObject({
  type: columnType.optional(),
  fields: fields.optional().meta({
    title: 'map of name to type, or to keys `type` and `fields`',
    description: 'The fields of a record or array<record>, and their types.',
    examples: [{ city: 'string', geo: { type: 'record', fields: { lat: 'number', lon: 'number' } } }],
  }),
  format: z
    .union([timeFormat, z.array(timeFormat).min(1)])
    .optional()
    .meta({
      description:
        'How the times of the column are spelled: the name of a format, a pattern of strftime, or a list of them.',
      examples: ['%m/%d/%Y %I:%M %p', ['%d.%m.%Y', 'basic']],
    }),
  time_zone: timeZone
    .optional()
    .meta({ description: 'The time zone of times without an offset; UTC if absent.', examples: ['America/New_York'] }),
  rename: z
    .string()
    .optional()
    .meta({ description: 'The name of the column, if it is not that of the field.', examples: ['unit_price'] }),
  drop: z
    .boolean()
    .default(false)
    .meta({ description: 'The field is not stored.', examples: [true] }),
})
