import { z } from 'zod'
import { SyncError } from '../base/errors.ts'
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
import { stopProblem, withStop } from './stop.ts'

export { stopProblem } from './stop.ts'

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
  return withStop(create(config, options), config, options.stop)
}

function create(config: PaginatorConfig, { stop, found }: PaginatorOptions): Paginator {
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
      return createAuto((detected: Found) => createPaginator(detected, { stop: { ...stop, short_page: false } }), found)
  }
}
