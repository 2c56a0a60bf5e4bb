import { z } from 'zod'
import { answerAt, invalidAnswer, kindOf } from './envelope.ts'
import { answerPath, hasMorePath, jsonPath, paramName } from './fields.ts'
import { definePaginator, type Paginator, type PageView } from './paginator.ts'
import { type ParamPlace, type ParamValue, writeParam } from './request-param.ts'
import { flagAt } from './stop.ts'

const cursorConfig = z
  .strictObject({
    type: z.literal('cursor'),
    path: answerPath.optional().meta({
      description:
        'Where the response has the cursor of the next page. Null, an empty text, false or nothing ends the listing.',
      examples: ['$.meta.next_cursor', 'header:X-Next-Cursor'],
    }),
    header: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: 'In place of `path`: the response header that has the cursor.',
        examples: ['X-Next-Cursor'],
      }),
    param: paramName
      .optional()
      .meta({ description: 'The query parameter that takes the cursor.', examples: ['page_token'] }),
    body: jsonPath.optional().meta({
      description: 'In place of `param`: where the request body takes the cursor.',
      examples: ['$.variables.after'],
    }),
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
  .meta({
    description: 'Sends the cursor of one response (a page token, a bookmark, an offset) with the next request.',
    examples: [{ type: 'cursor', path: '$.meta.next_cursor', param: 'cursor' }],
  })

export type CursorConfig = z.output<typeof cursorConfig>

/** Sends back the cursor of one answer with the next request. */
export default definePaginator({
  config: cursorConfig,
  create: createCursor,
})

function createCursor(config: CursorConfig): Paginator {
  const place: ParamPlace = {
    param: config.param ?? config.body ?? '',
    in: config.param === undefined ? 'body' : 'query',
  }
  return {
    first: (request) => request,
    next(page) {
      const cursor = readCursor(page, config)
      if (cursor !== undefined) return writeParam(page.request, place, cursor)
      // Ending here would lose, without a word, the rows that the provider says are there.
      if (flagAt(page, config.has_more))
        throw invalidAnswer(
          page.request,
          `${config.has_more} says that there is more, but ${placeOf(config)} holds no cursor`,
        )
      return answerAt(page, placeOf(config)) === undefined
        ? { end: 'no_next', missing: placeOf(config) }
        : { end: 'no_next' }
    },
  }
}

const placeOf = ({ path, header }: CursorConfig): string => path ?? `header:${header}`

/** Null, an empty string, false and absence end the listing; 0 is a cursor like any other. */
function readCursor(page: PageView, config: CursorConfig): ParamValue | undefined {
  const place = placeOf(config)
  const value = answerAt(page, place)
  if (value === undefined || value === null || value === '' || value === false) return undefined
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
  throw invalidAnswer(
    page.request,
    `${place} holds ${kindOf(value)} where a cursor, a string or a number, was expected`,
  )
}
