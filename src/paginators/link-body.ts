import { z } from 'zod'
import { isObject } from '../base/json/path.ts'
import { answerAt, invalidAnswer, kindOf } from './envelope.ts'
import { answerPath, hasMorePath } from './fields.ts'
import { followLink } from './link-target.ts'
import { definePaginator, type Paginator } from './paginator.ts'

const linkBodyConfig = z
  .strictObject({
    type: z.literal('link_body'),
    path: answerPath.meta({
      description:
        'Where the response has the URL of the next page, absolute or relative, or an object with an `href`. Null, an empty text, false or nothing ends the listing.',
      examples: ['$.links.next', "$.links[?@.rel=='next'].href"],
    }),
    has_more: hasMorePath,
  })
  .meta({
    description: 'Follows the URL of the next page that is in the response body.',
    examples: [{ type: 'link_body', path: '$.links.next' }],
  })

export type LinkBodyConfig = z.output<typeof linkBodyConfig>

/** Follows the link that the body holds: a URL, or an object with an `href` (JSON:API 1.1, "Links"; HAL). */
export default definePaginator({
  config: linkBodyConfig,
  create: createLinkBody,
})

function createLinkBody({ path }: LinkBodyConfig): Paginator {
  return {
    first: (request) => request,
    next(page) {
      const found = answerAt(page, path)
      const link = isObject(found) ? found['href'] : found
      if (link === undefined) return { end: 'no_next', missing: path }
      if (link === null || link === '' || link === false) return { end: 'no_next' }
      if (typeof link !== 'string')
        throw invalidAnswer(page.request, `${path} holds ${kindOf(link)} where a link was expected`)
      return followLink(page, link)
    },
  }
}
