import { z } from 'zod'
import { hasMore, invalidAnswer, kindOf, valueAt } from './envelope.ts'
import { hasMorePath, jsonPath, paramName } from './fields.ts'
import type { Paginator, PageView } from './paginator.ts'
import { type ParamPlace, type ParamValue, writeParam } from './request-param.ts'

export const cursorConfig = z
  .strictObject({
    type: z.literal('cursor'),
    path: jsonPath.optional().meta({ description: 'A JSONPath to the cursor of the next page.' }),
    header: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Instead of path: the response header that holds the cursor.' }),
    param: paramName.optional().meta({ description: 'The query parameter that takes the cursor.' }),
    body: jsonPath
      .optional()
      .meta({ description: 'Instead of param: the place in the request body, such as $.variables.after.' }),
    has_more: hasMorePath,
  })
  .refine(({ path, header }) => (path === undefined) !== (header === undefined), {
    path: ['path'],
    error: 'expected either path or header: where the answer holds the cursor',
  })
  .refine(({ param, body }) => (param === undefined) !== (body === undefined), {
    path: ['param'],
    error: 'expected either param or body: where the request takes the cursor',
  })

export type CursorConfig = z.output<typeof cursorConfig>

/** Sends back the cursor of one answer with the next request. */
export function createCursor(config: CursorConfig): Paginator {
  const place: ParamPlace = {
    param: config.param ?? config.body ?? '',
    in: config.param === undefined ? 'body' : 'query',
  }
  return {
    first: (request) => request,
    next(page) {
      const more = hasMore(page.envelope, config.has_more)
      const cursor = more === false ? undefined : readCursor(page, config)
      if (cursor !== undefined) return writeParam(page.request, place, cursor)
      // Ending here would lose, without a word, the rows that the provider says are there.
      if (more)
        throw invalidAnswer(
          page.request,
          `${config.has_more} says that there is more, but ${config.path ?? config.header} holds no cursor`,
        )
      if (more === false) return { end: 'said' }
      return isThere(page, config)
        ? { end: 'no_next' }
        : { end: 'no_next', missing: config.path ?? `the header ${config.header}` }
    },
  }
}

const isThere = (page: PageView, { path, header }: CursorConfig): boolean =>
  (path === undefined ? page.headers[(header ?? '').toLowerCase()] : valueAt(page.envelope, path)) !== undefined

/** Null, an empty string, false and absence end the listing; 0 is a cursor like any other. */
function readCursor(page: PageView, { path, header }: CursorConfig): ParamValue | undefined {
  const value = path === undefined ? page.headers[(header ?? '').toLowerCase()] : valueAt(page.envelope, path)
  if (value === undefined || value === null || value === '' || value === false) return undefined
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
  throw invalidAnswer(page.request, `${path} holds ${kindOf(value)} where a cursor, a string or a number, was expected`)
}
