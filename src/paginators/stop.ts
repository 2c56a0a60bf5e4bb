import { answerAt, countAt, invalidAnswer, kindOf, readFlag } from './envelope.ts'
import type { Sign } from './evidence.ts'
import type { StopRules } from './fields.ts'
import type { PaginatorConfig } from './index.ts'
import type { End, Paginator, PageView } from './paginator.ts'

/** Adds the rules that end a listing with any paginator: `has_more`, `stop`, and what the answers count. */
export function withStop(paginator: Paginator, config: PaginatorConfig, stop: StopRules): Paginator {
  const { has_more: hasMore } = config as { readonly has_more?: string }
  // These end by an empty or a short page themselves, as they know how long a page is.
  const counts = config.type === 'page_number' || config.type === 'offset' || config.type === 'keyset'

  function endBy(page: PageView): End | undefined {
    if (flagAt(page, stop.when) === true || flagAt(page, hasMore) === false) return { end: 'said' }
    if (!counts && stop.empty_page === true && page.rowCount === 0) return { end: 'empty_page' }
    const isShort = typeof stop.short_page === 'number' && page.rowCount < stop.short_page
    return isShort ? { end: page.rowCount === 0 ? 'empty_page' : 'short_page' } : undefined
  }

  return {
    ...paginator,
    next: (page) => endBy(page) ?? paginator.next(page),
    declared: (page) => declaredSigns(page, config, stop),
    rest: (page) => (endBy(page) ? [] : paginator.rest?.(page)),
  }
}

/** A flag at `path`; undefined where there is none. Throws `RESPONSE_INVALID` for a value that is not understood. */
export function flagAt(page: PageView, path: string | undefined): boolean | undefined {
  if (path === undefined) return undefined
  const value = answerAt(page, path)
  if (value === undefined || value === null || value === '') return undefined
  const flag = readFlag(value)
  if (flag !== undefined) return flag
  const shown = typeof value === 'string' && value.length <= 20 ? JSON.stringify(value) : kindOf(value)
  throw invalidAnswer(page.request, `${path} holds ${shown} where a flag, such as true or "no", was expected`)
}

function declaredSigns(page: PageView, config: PaginatorConfig, { when }: StopRules): readonly Sign[] {
  const { total, total_pages: pages, has_more: hasMore } = config as Readonly<Record<string, string | undefined>>
  const [rows, all] = [countAt(page, total), countAt(page, pages)]
  const [more, end] = [flagAt(page, hasMore), flagAt(page, when)]
  const signs: (Sign | undefined)[] = [
    total === undefined || rows === undefined ? undefined : { path: total, kind: 'total', value: rows, sure: true },
    pages === undefined || all === undefined ? undefined : { path: pages, kind: 'pages', value: all, sure: true },
    hasMore === undefined || more === undefined ? undefined : { path: hasMore, kind: 'more', value: more },
    when === undefined || end === undefined ? undefined : { path: when, kind: 'more', value: !end },
  ]
  return signs.filter((sign) => sign !== undefined)
}

/**
 * Why a paginator and its stop rules cannot work together: a listing of pages that nothing but `maxPages` could end, or a
 * short page that nothing could be measured by. Undefined where they can.
 */
export function stopProblem(config: PaginatorConfig, stop: StopRules, maxPages?: number): string | undefined {
  const isCounted = config.type === 'page_number' || config.type === 'offset'
  const sized = config.type === 'offset' || (config.type === 'page_number' && (config.size ?? config.size_param))
  if (stop.short_page === true && !sized && config.type !== 'auto' && config.type !== 'none')
    return 'stop.short_page needs the size of a full page: add size to the paginator, or say short_page: 100.'
  if (!isCounted) return undefined
  const counted = config.total ?? config.has_more ?? (config.type === 'page_number' ? config.total_pages : undefined)
  const ends = stop.empty_page !== false || Boolean(stop.short_page) || stop.when !== undefined
  if (ends || counted !== undefined || maxPages !== undefined) return undefined
  return 'The listing could never end: leave stop.empty_page on, or add total, has_more or max_pages.'
}
