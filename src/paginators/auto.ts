import { z } from 'zod'
import { memberAt } from '../decode/json-path.ts'
import { commonLimits, hasMoreNames, offsetParams, pageParams, placeParams, sizeParams } from './conventions.ts'
import { findTotal } from './detect-counted.ts'
import { type Detected, detect } from './detect.ts'
import { saysEnd } from './detect-end.ts'
import { toCount, valueAt } from './envelope.ts'
import { findMember, firstParam } from './find-member.ts'
import type { Paginator, PageView } from './paginator.ts'
import { readNumber } from './request-param.ts'
import { readPair } from './query.ts'

export const autoConfig = z.strictObject({ type: z.literal('auto') })

export type Found = Detected | { readonly type: 'none' }

/**
 * Goes by the shape of each answer. What it goes by is looked for anew on every page, so that a listing resumes anywhere;
 * the only thing remembered is that it has been told.
 */
export function createAuto(
  create: (config: Detected) => Paginator,
  found?: (config: Found, warning?: string) => void,
): Paginator {
  let told = false

  function tell(page: PageView, config: Detected | undefined): void {
    if (told) return
    told = true
    const warning = config ? undefined : looksCut(page)
    if (warning === undefined) found?.(config ?? { type: 'none' })
    else found?.({ type: 'none' }, warning)
  }

  return {
    first: (request) => request,
    next(page) {
      const config = detect(page)
      tell(page, config)
      return config ? create(config).next(page) : { end: 'nothing_found' }
    },
    rest(page) {
      const config = detect(page)
      // What the first answer counts from is known on that page only, so that its reckoning is not that of later pages.
      const steady = config?.type === 'page_number' || config?.type === 'offset' ? isPlaced(page) : false
      return config && steady ? create(config).rest?.(page) : undefined
    },
  }
}

function isPlaced({ request }: PageView): boolean {
  return firstParam(request, [...pageParams, ...offsetParams]) !== undefined
}

/** Why a page that nothing goes on from may not be all there is; undefined where it looks whole, or is not the first. */
function looksCut(page: PageView): string | undefined {
  const { request, envelope, rowCount } = page
  const query = new URL(request.url).search.slice(1)
  if (rowCount === 0 || placeParams.some((name) => readPair(query, name) !== undefined)) return undefined
  const advice = 'and nothing in the answer leads on: declare the paginator of the stream (none, if this is all)'
  const more = findMember(envelope, hasMoreNames, (value) => value === true)
  if (more !== undefined) return `${more} says that there is more than this page ${advice}.`
  if (saysEnd(page)) return undefined
  const total =
    findTotal(page) ??
    (toCount(memberAt(envelope, ['hits', 'total', 'value'])) === undefined ? undefined : '$.hits.total.value')
  const count = total === undefined ? undefined : toCount(valueAt(envelope, total))
  if (count !== undefined && count > rowCount && !isPlaced(page))
    return `${total} counts ${count} rows, the page has ${rowCount}, ${advice}.`
  const size = firstParam(request, sizeParams)
  const asked = size === undefined ? undefined : readNumber(request, { param: size, in: 'query' })
  if (asked === undefined ? commonLimits.has(rowCount) : rowCount >= asked)
    return `The page looks full, with ${rowCount} rows, ${advice}.`
  return undefined
}
