import { z } from 'zod'
import { SyncError } from '../base/errors.ts'
import type { ApiRequest } from '../http/send.ts'
import { countAt, describe } from './envelope.ts'
import { answerPath, hasMorePath, paramName, paramPlace } from './fields.ts'
import { definePaginator, type End, isEnd, type Paginator, type PageView, type PaginatorOptions } from './paginator.ts'
import { addParam, readNumber, writeParam } from './request-param.ts'

const pageNumberConfig = z
  .strictObject({
    type: z.literal('page_number'),
    param: paramName
      .default('page')
      .meta({ description: 'The parameter for the page number.', examples: ['p', '$.page.number'] }),
    start: z
      .int()
      .min(0)
      .default(1)
      .meta({ description: 'The number of the first page.', examples: [0] }),
    size_param: paramName.optional().meta({
      description: 'The parameter for the number of rows per page; sent only if `size` is set.',
      examples: ['per_page'],
    }),
    size: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'Rows per page, sent as `size_param`.', examples: [100] }),
    total_pages: answerPath.optional().meta({
      description: 'Where the response has the number of pages.',
      examples: ['$.meta.total_pages', 'header:X-WP-TotalPages'],
    }),
    total: answerPath.optional().meta({
      description: 'Where the response has the number of rows of the whole listing; needs `size` or `size_param`.',
      examples: ['$.total'],
    }),
    has_more: hasMorePath,
    in: paramPlace,
  })
  .refine(({ total, size, size_param }) => total === undefined || (size ?? size_param) !== undefined, {
    path: ['total'],
    error: 'expected size beside total, as the number of pages follows from both',
  })
  .meta({
    description: 'Counts pages up, to the last page or an empty one.',
    examples: [{ type: 'page_number', param: 'page', size_param: 'per_page', size: 100, total_pages: '$.meta.pages' }],
  })

export type PageNumberConfig = z.output<typeof pageNumberConfig>

/** More pages than this are not listed ahead. */
const mostAhead = 100_000

/** Counts pages up, from the number that the request has, to the last page or an empty one. */
export default definePaginator({
  config: pageNumberConfig,
  isByRows: true,
  isSized: ({ size, size_param }) => (size ?? size_param) !== undefined,
  ends: ({ total, has_more, total_pages }) => (total ?? has_more ?? total_pages) !== undefined,
  create: createPageNumber,
})

function createPageNumber(config: PageNumberConfig, { stop }: PaginatorOptions): Paginator {
  const number = { param: config.param, in: config.in }
  const size = config.size_param === undefined ? undefined : { param: config.size_param, in: config.in }
  const numberOf = (request: ApiRequest) => readNumber(request, number) ?? config.start
  const sizeOf = (request: ApiRequest) => (size && readNumber(request, size)) ?? config.size
  const count = (page: PageView) => ({ index: numberOf(page.request) - config.start, size: sizeOf(page.request) })

  function next(page: PageView): ApiRequest | End {
    const { index, size: rows } = count(page)
    if (page.rowCount === 0 && stop.empty_page !== false) return { end: 'empty_page' }
    if (stop.short_page === true && rows !== undefined && page.rowCount < rows) return { end: 'short_page' }
    const pages = countPages(page, config, { index, size: rows })
    return pages !== undefined && index + 1 >= pages
      ? { end: 'total' }
      : writeParam(page.request, number, numberOf(page.request) + 1)
  }

  return {
    first: (request) => addParam(size ? addParam(request, size, config.size) : request, number, config.start),
    next,
    rest(page) {
      const { index, size: rows } = count(page)
      if (isEnd(next(page))) return []
      const pages = countPages(page, config, { index, size: rows })
      // A page of another size than was asked for says that the total cannot be divided by what was asked for.
      if (
        pages === undefined ||
        pages - index > mostAhead ||
        (config.total_pages === undefined && page.rowCount !== rows)
      )
        return undefined
      return Array.from({ length: pages - index - 1 }, (_, ahead) =>
        writeParam(page.request, number, config.start + index + 1 + ahead),
      )
    },
  }
}

interface PageCount {
  /** Pages before this one. */
  readonly index: number
  /** Rows a page, as asked for. */
  readonly size: number | undefined
}

/** The number of pages, if the answer tells it and does not contradict itself. */
function countPages(page: PageView, config: PageNumberConfig, { index, size }: PageCount): number | undefined {
  const pages = countAt(page, config.total_pages)
  // Rows on a page beyond the last one: no matter what was counted there, it was not the pages of this listing.
  if (pages !== undefined && (pages > index || page.rowCount === 0)) return pages
  const total = countAt(page, config.total)
  if (total === undefined || size === undefined || total < page.rowCount) return undefined
  if (page.rowCount > 0 && page.rowCount < size && index * size + page.rowCount < total)
    throw sizeIgnored(page, size, total)
  return Math.ceil(total / size)
}

/** The end would be reckoned from pages that are larger than the real ones, and the rows behind it would be lost. */
function sizeIgnored({ request, rowCount }: PageView, size: number, total: number): SyncError {
  return new SyncError(
    'RESPONSE_INVALID',
    `A page of ${describe(request)} has ${rowCount} rows where ${size} were asked for, though the listing has ${total}: set size to what the provider sends, or leave total out so that the listing ends at an empty page.`,
  )
}
