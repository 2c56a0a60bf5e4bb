import type { z } from 'zod'
import { answerAt, countAt, invalidAnswer, kindOf, readFlag } from './envelope.ts'
import type { Sign } from './evidence.ts'
import type { StopRules } from './fields.ts'
import type { End, Paginator, PageView, PaginatorKeys, PaginatorMethod } from './paginator.ts'

/** Adds the rules that end a listing with any paginator: `has_more`, `stop`, and what the answers count. */
export function withStop(paginator: Paginator, { method, config, stop }: Stopped): Paginator {
  const { has_more: hasMore } = config as { readonly has_more?: string }

  function endBy(page: PageView): End | undefined {
    if (flagAt(page, stop.when) === true || flagAt(page, hasMore) === false) return { end: 'said' }
    if (!method.isByRows && stop.empty_page === true && page.rowCount === 0) return { end: 'empty_page' }
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

function declaredSigns(page: PageView, config: object, { when }: StopRules): readonly Sign[] {
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

/** A paginator with its keys and the stop rules of its stream. */
interface Stopped {
  readonly method: PaginatorMethod
  readonly config: z.output<PaginatorKeys>
  readonly stop: StopRules
}

/** See `stopProblem`. */
export function explainStop({ method, config, stop }: Stopped, maxPages?: number): string | undefined {
  if (stop.short_page === true && !method.isSized?.(config))
    return 'stop.short_page needs the size of a full page: add size to the paginator, or say short_page: 100.'
  const ends = stop.empty_page !== false || Boolean(stop.short_page) || stop.when !== undefined
  if (ends || method.ends?.(config) !== false || maxPages !== undefined) return undefined
  return 'The listing could never end: leave stop.empty_page on, or add total, has_more or max_pages.'
}
