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
    description: 'A type of the warehouse; also decimal(p,s), such as decimal(18,4), array<T> and array<record>.',
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

interface Field {
  type: z.output<typeof columnType>
  fields?: Record<string, z.output<typeof columnType> | Field> | undefined
}

/** What a field of a row becomes. */
export const columnConfig = z.strictObject({
  type: columnType.optional(),
  fields: fields
    .optional()
    .meta({ description: 'Of a record (or array<record>): its fields and their types; a type, or {type, fields}.' }),
  format: z
    .union([timeFormat, z.array(timeFormat).min(1)])
    .optional()
    .meta({
      description: 'How the times of the column are spelled: a name, a pattern of strftime, or a list of them.',
    }),
  time_zone: timeZone
    .optional()
    .meta({ description: 'IANA zone whose clock timestamps without an offset show; UTC where absent.' }),
  rename: z.string().optional(),
  drop: z.boolean().default(false),
})
