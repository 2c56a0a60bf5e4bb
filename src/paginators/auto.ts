import { z } from 'zod'
import { isObject } from '../base/json/path.ts'
import { offsetParams, pageParams } from './conventions.ts'
import { saysEnd, suggestPaginators } from './detect-signs.ts'
import { type Detected, detect } from './detect.ts'
import { findSigns } from './evidence.ts'
import { firstParam } from './find-member.ts'
import { definePaginator, type End, type Paginator, type PageView } from './paginator.ts'

export type Found = Detected | { readonly type: 'none' }

/**
 * Goes by the shape of each answer. What it goes by is looked for again on every page, so that a listing resumes anywhere;
 * the only thing remembered is that it has been told. An answer that is one object is one row and one page: what it calls
 * `next` is a field of that row.
 */
export default definePaginator({
  config: z.strictObject({ type: z.literal('auto') }).meta({
    description: 'The default: finds in each response how to get to the next page.',
    examples: [{ type: 'auto' }],
  }),
  isSized: () => true,
  create: (_, { createDetected, found }) => createAuto(createDetected, found),
})

export function createAuto(create: (config: Detected) => Paginator, found?: (config: Found) => void): Paginator {
  let told = false

  return {
    first: (request) => request,
    next(page) {
      const config = isEntity(page) ? undefined : detect(page)
      if (!told) found?.(config ?? { type: 'none' })
      told = true
      return config ? create(config).next(page) : endOf(page)
    },
    rest(page) {
      const config = isEntity(page) ? undefined : detect(page)
      // What the first answer counts from is known on that page only, so that its reckoning is not that of later pages.
      const steady = config?.type === 'page_number' || config?.type === 'offset' ? isPlaced(page) : false
      return config && steady ? create(config).rest?.(page) : undefined
    },
  }
}

const isEntity = ({ envelope, rowsAt }: PageView): boolean => isObject(envelope) && rowsAt?.length === 0

/** Nothing leads on: because the provider says so, or because it cannot be told how. */
function endOf(page: PageView): End {
  if (isEntity(page)) return { end: 'one_request' }
  if (findSigns(page).some((sign) => sign.kind === 'more' && !sign.value)) return { end: 'said' }
  if (saysEnd(page)) return { end: 'no_next' }
  return { end: 'nothing_found', suggestions: suggestPaginators(page) }
}

function isPlaced({ request }: PageView): boolean {
  return firstParam(request, [...pageParams, ...offsetParams]) !== undefined
}
