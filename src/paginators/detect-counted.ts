import { memberAt } from '../base/json/path.ts'
import * as names from './conventions.ts'
import { saysEnd } from './detect-signs.ts'
import { hasMore, toCount, valueAt } from './envelope.ts'
import { findMember, firstParam } from './find-member.ts'
import type { OffsetConfig } from './offset.ts'
import type { PageNumberConfig } from './page-number.ts'
import type { PageView } from './paginator.ts'

/** Paging by page number or offset: the request or the body says where we are, and the body how far it goes. */
export function detectCounted(page: PageView): PageNumberConfig | OffsetConfig | undefined {
  const { envelope, request } = page
  const more = findMember(envelope, names.hasMoreNames, (value) => typeof value === 'boolean')
  const last = ['last', 'isLast', 'is_last'].some((name) => memberAt(envelope, [name]) === true)
  if (page.rowCount === 0 || last || (more !== undefined && hasMore(envelope, more) === false)) return undefined
  // Where an empty place for a link says that this is the end, a mere total does not say otherwise.
  if (saysEnd(page) && more === undefined && findPages(page) === undefined) return undefined
  const found = { more, size: firstParam(request, names.sizeParams), total: findTotal(page) }
  return firstParam(request, names.offsetParams) === undefined
    ? (toPageNumber(page, found) ?? toOffset(page, found))
    : (toOffset(page, found) ?? toPageNumber(page, found))
}

interface Counts {
  readonly more: string | undefined
  /** The parameter of the request that asks for so many rows. */
  readonly size: string | undefined
  readonly total: string | undefined
}

/** Where the body holds the number of rows of the whole listing; a `count` may be that of the page alone. */
export function findTotal({ envelope, rowCount }: PageView): string | undefined {
  const sure = names.totalNames.filter((name) => name !== 'count')
  const isTotal = (value: unknown) => (toCount(value) ?? -1) >= rowCount
  return (
    findMember(envelope, sure, isTotal) ?? findMember(envelope, ['count'], (value) => (toCount(value) ?? 0) > rowCount)
  )
}

function findPages({ envelope }: PageView): string | undefined {
  return findMember(envelope, names.totalPagesNames, (value) => (toCount(value) ?? 0) > 0)
}

function toPageNumber(page: PageView, { more, size, total }: Counts): PageNumberConfig | undefined {
  const { envelope, request } = page
  const pages = findPages(page)
  const told = findMember(envelope, names.pageNames, (value) => toCount(value) !== undefined)
  const sent = firstParam(request, names.pageParams)
  if (sent === undefined && (told === undefined || pages === undefined)) return undefined
  if (pages === undefined && more === undefined && total === undefined && told === undefined) return undefined
  const effective = findMember(envelope, names.sizeNames, (value) => (toCount(value) ?? 0) > 0)
  const rows = effective === undefined ? undefined : toCount(valueAt(envelope, effective))
  const sized = rows === undefined ? (size === undefined ? {} : { size_param: size }) : { size: rows }
  return {
    type: 'page_number',
    param: sent ?? conventionalParam(told),
    start: startOf(page, { told, pages, sent }),
    ...(pages === undefined ? {} : { total_pages: pages }),
    ...(pages !== undefined || total === undefined || Object.keys(sized).length === 0 ? {} : { total, ...sized }),
    ...(more === undefined ? {} : { has_more: more }),
    in: 'query',
  }
}

function conventionalParam(told: string | undefined): string {
  const name = told?.split('.').at(-1) ?? 'page'
  return name === 'pageNumber' || name === 'page_number' ? name : 'page'
}

interface Numbering {
  readonly told: string | undefined
  readonly pages: string | undefined
  readonly sent: string | undefined
}

/**
 * Spring (`number`) and Algolia (`nbPages`) count from 0. Of others it cannot be told in the middle of a listing: counting
 * from 1 costs one more request where that is wrong, counting from 0 would cost a page.
 */
function startOf({ envelope }: PageView, { told, pages, sent }: Numbering): number {
  if (told?.endsWith('.number') || pages?.endsWith('.nbPages')) return 0
  return sent === undefined && told !== undefined ? (toCount(valueAt(envelope, told)) ?? 1) : 1
}

function toOffset(page: PageView, { more, size, total }: Counts): OffsetConfig | undefined {
  const { envelope, request } = page
  const sent = firstParam(request, names.offsetParams)
  const told = findMember(envelope, names.offsetNames, (value) => toCount(value) !== undefined)
  const effective = findMember(envelope, names.sizeNames, (value) => (toCount(value) ?? 0) > 0)
  if (total === undefined && (more === undefined || sent === undefined)) return undefined
  if (sent === undefined && (told === undefined || (effective === undefined && size === undefined))) return undefined
  const param = sent ?? (told as string).split('.').at(-1) ?? 'offset'
  const start =
    sent === undefined && told !== undefined
      ? (toCount(valueAt(envelope, told)) ?? 0)
      : /start_?index/i.test(param)
        ? 1
        : 0
  return {
    type: 'offset',
    param,
    start,
    limit_param: size ?? 'limit',
    ...(total === undefined ? {} : { total }),
    ...(more === undefined ? {} : { has_more: more }),
    in: 'query',
  }
}
