import { z } from 'zod'
import { compilePath } from '../decode/json-path.ts'
import { toSyncError } from '../errors.ts'

/** A JSONPath into the envelope of a page. */
export const jsonPath = z.string().superRefine((path, context) => {
  try {
    compilePath(path)
  } catch (thrown) {
    context.addIssue({ code: 'custom', message: toSyncError(thrown).message })
  }
})

/** The name of a parameter of the request. */
export const paramName = z.string().min(1)

/** Where paging parameters go. */
export const paramPlace = z.enum(['query', 'body']).default('query').meta({
  description: 'body: the parameters are members of the request body; a name may then be a path such as $.page.number.',
})

export const hasMorePath = jsonPath
  .optional()
  .meta({ description: 'A JSONPath to a boolean of the answer: false ends the listing.' })

/** When a listing ends by what its pages hold. */
export interface StopRules {
  readonly empty_page: boolean
  readonly short_page: boolean
}
