import { z } from 'zod'
import { SyncError } from '../errors.ts'
import { autoConfig, createAuto, type Found } from './auto.ts'
import { createCursor, cursorConfig } from './cursor.ts'
import type { StopRules } from './fields.ts'
import { createKeyset, keysetConfig } from './keyset.ts'
import { createLinkBody, linkBodyConfig } from './link-body.ts'
import { createLinkHeader, linkHeaderConfig } from './link-header.ts'
import { createNone, noneConfig } from './none.ts'
import { createOffset, offsetConfig } from './offset.ts'
import { createPageNumber, pageNumberConfig } from './page-number.ts'
import type { Paginator } from './paginator.ts'

/** How to get from one page to the next. */
export const paginatorConfig = z.discriminatedUnion('type', [
  noneConfig,
  pageNumberConfig,
  offsetConfig,
  cursorConfig,
  linkHeaderConfig,
  linkBodyConfig,
  keysetConfig,
  autoConfig,
])

export type PaginatorConfig = z.output<typeof paginatorConfig>

export interface PaginatorOptions {
  readonly stop: StopRules
  /** The stream's max_pages, which ends a listing that nothing else would end. */
  readonly maxPages?: number | undefined
  /** Told once what `auto` goes by. */
  readonly found?: (config: PaginatorConfig) => void
}

/** Makes a paginator. Throws `CONFIG_INVALID` for a stop rule that the paginator could not follow. */
export function createPaginator(config: PaginatorConfig, options: PaginatorOptions): Paginator {
  const problem = stopProblem(config, options.stop, options.maxPages)
  if (problem !== undefined) throw new SyncError('CONFIG_INVALID', problem)
  const { stop } = options
  switch (config.type) {
    case 'none':
      return createNone()
    case 'page_number':
      return createPageNumber(config, stop)
    case 'offset':
      return createOffset(config, stop)
    case 'cursor':
      return createCursor(config)
    case 'link_header':
      return createLinkHeader(config)
    case 'link_body':
      return createLinkBody(config)
    case 'keyset':
      return createKeyset(config, stop)
    case 'auto':
      return createAuto(
        (found: Found) => createPaginator(found, { stop: { ...stop, short_page: false } }),
        options.found,
      )
  }
}

/**
 * Why a paginator and its stop rules cannot work together: a listing of pages that nothing but `maxPages` could end, or a
 * short page that nothing could be measured by. Undefined where they can.
 */
export function stopProblem(config: PaginatorConfig, stop: StopRules, maxPages?: number): string | undefined {
  if (config.type !== 'page_number' && config.type !== 'offset') return undefined
  const sized = config.type === 'offset' || (config.size ?? config.size_param) !== undefined
  if (stop.short_page && !sized) return 'stop.short_page needs the size of a full page: add size to the paginator.'
  const counted = config.total ?? config.has_more ?? (config.type === 'page_number' ? config.total_pages : undefined)
  if (stop.empty_page || stop.short_page || counted !== undefined || maxPages !== undefined) return undefined
  return 'The listing could never end: leave stop.empty_page on, or add total, has_more or max_pages.'
}
