import { z } from 'zod'
import type { ApiRequest } from '../http/send.ts'
import { countAt } from './envelope.ts'
import { answerPath, hasMorePath, paramName, paramPlace } from './fields.ts'
import { definePaginator, type End, isEnd, type Paginator, type PageView, type PaginatorOptions } from './paginator.ts'
import { addParam, readNumber, writeParam } from './request-param.ts'

const offsetConfig = z
  .strictObject({
    type: z.literal('offset'),
    param: paramName
      .default('offset')
      .meta({ description: 'The parameter for the number of rows to skip.', examples: ['skip'] }),
    start: z
      .int()
      .min(0)
      .default(0)
      .meta({ description: 'The offset of the first row.', examples: [1] }),
    limit_param: paramName
      .default('limit')
      .meta({ description: 'The parameter for the number of rows per page.', examples: ['top'] }),
    limit: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'Rows per page, sent as `limit_param`.', examples: [100] }),
    total: answerPath.optional().meta({
      description: 'Where the response has the number of rows of the whole listing.',
      examples: ['$.total', 'header:X-Total-Count'],
    }),
    has_more: hasMorePath,
    in: paramPlace,
  })
  .meta({
    description: 'Skips the rows that were read so far. Moves on by the rows that arrive, not by those asked for.',
    examples: [{ type: 'offset', param: 'skip', limit_param: 'top', limit: 100, total: '$.total' }],
  })

export type OffsetConfig = z.output<typeof offsetConfig>

const mostAhead = 100_000

/**
 * Moves on by the rows that came rather than by those that were asked for: a provider that sends fewer than the limit (its
 * own maximum is lower) would have the difference skipped on every page. Where no row came, it moves on by the limit.
 */
export default definePaginator({
  config: offsetConfig,
  isByRows: true,
  isSized: () => true,
  ends: ({ total, has_more }) => (total ?? has_more) !== undefined,
  create: createOffset,
})

function createOffset(config: OffsetConfig, { stop }: PaginatorOptions): Paginator {
  const offset = { param: config.param, in: config.in }
  const limit = { param: config.limit_param, in: config.in }
  const offsetOf = (request: ApiRequest) => readNumber(request, offset) ?? config.start
  const limitOf = (request: ApiRequest) => readNumber(request, limit) ?? config.limit

  function next(page: PageView): ApiRequest | End {
    const asked = limitOf(page.request)
    if (page.rowCount === 0 && stop.empty_page !== false) return { end: 'empty_page' }
    if (stop.short_page === true && asked !== undefined && page.rowCount < asked) return { end: 'short_page' }
    const covered = offsetOf(page.request) - config.start + page.rowCount
    const total = totalOf(page, config)
    if (total !== undefined && covered >= total) return { end: 'total' }
    const step = page.rowCount === 0 ? (asked ?? 0) : page.rowCount
    return step === 0 ? { end: 'empty_page' } : writeParam(page.request, offset, offsetOf(page.request) + step)
  }

  return {
    first: (request) => addParam(addParam(request, limit, config.limit), offset, config.start),
    next,
    rest(page) {
      if (isEnd(next(page))) return []
      const total = totalOf(page, config)
      const step = limitOf(page.request)
      if (total === undefined || step === undefined || page.rowCount !== step) return undefined
      const from = offsetOf(page.request) + step
      const length = Math.ceil((config.start + total - from) / step)
      if (length > mostAhead) return undefined
      return Array.from({ length }, (_, ahead) => writeParam(page.request, offset, from + ahead * step))
    },
  }
}

/** A total smaller than the page it came with counts something else. */
function totalOf(page: PageView, config: OffsetConfig): number | undefined {
  const total = countAt(page, config.total)
  return total !== undefined && total >= page.rowCount ? total : undefined
}
