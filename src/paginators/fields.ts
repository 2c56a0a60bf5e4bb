import { z } from 'zod'
import { compilePath } from '../base/json/path.ts'
import { toSyncError } from '../base/errors.ts'

/** A JSONPath into the envelope of a page. */
export const jsonPath = z
  .string()
  .superRefine((path, context) => {
    try {
      compilePath(path)
    } catch (thrown) {
      context.addIssue({ code: 'custom', message: toSyncError(thrown).message })
    }
  })
  .meta({ title: 'JSONPath' })

/** A place in an answer: a JSONPath into the envelope of a page, or `header:NAME`. */
export const answerPath = z
  .string()
  .superRefine((path, context) => {
    try {
      if (!/^header:\s*[^\s:]+$/.test(path)) compilePath(path)
    } catch (thrown) {
      context.addIssue({ code: 'custom', message: toSyncError(thrown).message })
    }
  })
  .meta({ title: 'JSONPath or header:NAME' })

/** The name of a parameter of the request. */
export const paramName = z.string().min(1)

/** Where paging parameters go. */
export const paramPlace = z
  .enum(['query', 'body'])
  .default('query')
  .meta({
    description:
      'Where the paging parameters go: into the query string, or into the request body, where a parameter may be a JSONPath such as $.page.number.',
    examples: ['body'],
  })

export const hasMorePath = answerPath.optional().meta({
  description: 'Where the response has a flag that says whether there is another page: false ends the listing.',
  examples: ['$.has_more', 'header:X-Has-More'],
})

/** When a listing ends by what its pages hold. */
export interface StopRules {
  /** By default true where pages are counted or follow a key, false where links or cursors lead on. */
  readonly empty_page?: boolean | undefined
  /** A page of fewer rows than this; true for those that the paginator asks for. */
  readonly short_page?: boolean | number | undefined
  /** The place of a flag that is true on the last page. */
  readonly when?: string | undefined
}
