import { z } from 'zod'
import { isObject, memberAt } from '../base/json/path.ts'
import { invalidAnswer, kindOf } from './envelope.ts'
import { hasMorePath, paramName, paramPlace } from './fields.ts'
import { definePaginator, type Paginator, type PageView, type PaginatorOptions } from './paginator.ts'
import { type ParamValue, writeParam } from './request-param.ts'
import { flagAt } from './stop.ts'

const keysetConfig = z
  .strictObject({
    type: z.literal('keyset'),
    field: z
      .string()
      .min(1)
      .meta({
        description: 'The field of the last row after which the next page starts; dots lead into objects.',
        examples: ['id', 'meta.id'],
      }),
    param: paramName.meta({
      description: 'The parameter that takes the value of the field.',
      examples: ['starting_after'],
    }),
    has_more: hasMorePath,
    in: paramPlace,
  })
  .meta({
    description:
      'Asks for the rows after the last row of the page, by one of its fields; the rows must be sorted by it.',
    examples: [{ type: 'keyset', field: 'id', param: 'starting_after', has_more: '$.has_more' }],
  })

export type KeysetConfig = z.output<typeof keysetConfig>

/** Asks for what follows the last row of the page. */
export default definePaginator({
  config: keysetConfig,
  isByRows: true,
  create: createKeyset,
})

function createKeyset(config: KeysetConfig, { stop }: PaginatorOptions): Paginator {
  return {
    first: (request) => request,
    next(page) {
      const more = flagAt(page, config.has_more)
      // A page without rows has no last row to go on from, regardless of what the stop rules say.
      if (page.rowCount === 0 && (stop.empty_page !== false || !more)) return { end: 'empty_page' }
      return writeParam(page.request, config, lastKey(page, config.field))
    },
  }
}

function lastKey(page: PageView, field: string): ParamValue {
  const key = fieldOf(page.lastRow(), field)
  if (key !== '' && (typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint')) return key
  throw invalidAnswer(
    page.request,
    `the field ${field} of its last row, which the next page starts after, holds ${key === '' ? 'nothing' : kindOf(key)}`,
  )
}

/** A member of that very name, else the member that its dots lead to. */
function fieldOf(row: unknown, field: string): unknown {
  return isObject(row) && Object.hasOwn(row, field) ? row[field] : memberAt(row, field.split('.'))
}
