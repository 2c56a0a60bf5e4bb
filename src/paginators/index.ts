import type { z } from 'zod'
import { SyncError } from '../base/errors.ts'
import { unionOf, variantOf } from '../base/variants.ts'
import auto from './auto.ts'
import cursor from './cursor.ts'
import keyset from './keyset.ts'
import linkBody from './link-body.ts'
import linkHeader from './link-header.ts'
import none from './none.ts'
import offset from './offset.ts'
import pageNumber from './page-number.ts'
import type { Paginator, PaginatorMethod, PaginatorOptions } from './paginator.ts'
import type { StopRules } from './fields.ts'
import { explainStop, withStop } from './stop.ts'

/** To add a paginator: write its file and add it here. */
const paginators = [none, pageNumber, offset, cursor, linkHeader, linkBody, keyset, auto] as const

/** How to get from one page to the next. */
export const paginatorConfig = unionOf(paginators)

export type PaginatorConfig = z.output<typeof paginatorConfig>

export interface PagingOptions extends Pick<PaginatorOptions, 'stop' | 'found'> {
  /** The stream's max_pages, which ends a listing that nothing else would end. */
  readonly maxPages?: number | undefined
}

/** Makes a paginator. Throws `CONFIG_INVALID` for a stop rule that the paginator could not follow. */
export function createPaginator(config: PaginatorConfig, { stop, found, maxPages }: PagingOptions): Paginator {
  const problem = stopProblem(config, stop, maxPages)
  if (problem !== undefined) throw new SyncError('CONFIG_INVALID', problem)
  const method = methodOf(config)
  const createDetected = (detected: PaginatorConfig) =>
    createPaginator(detected, { stop: { ...stop, short_page: false } })
  return withStop(method.create(config, { stop, found, createDetected }), { method, config, stop })
}

/**
 * Why a paginator and its stop rules cannot work together: a listing of pages that nothing but `maxPages` could end, or a
 * short page that nothing could be measured by. Undefined where they can.
 */
export function stopProblem(config: PaginatorConfig, stop: StopRules, maxPages?: number): string | undefined {
  return explainStop({ method: methodOf(config), config, stop }, maxPages)
}

const methodOf = ({ type }: PaginatorConfig): PaginatorMethod => variantOf(paginators, type)
