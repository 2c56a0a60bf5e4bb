import { z } from 'zod'
import { hasMorePath } from './fields.ts'
import { followLink } from './link-target.ts'
import { definePaginator, type Paginator } from './paginator.ts'
import { parseLinks, type WebLink } from './web-link.ts'

const linkHeaderConfig = z
  .strictObject({
    type: z.literal('link_header'),
    rel: z
      .string()
      .min(1)
      .default('next')
      .meta({ description: 'The relation type of the link to the next page.', examples: ['following'] }),
    has_more: hasMorePath,
  })
  .meta({
    description: 'Follows the link in the `Link` header (RFC 8288), as GitHub and Shopify send it.',
    examples: [{ type: 'link_header' }],
  })

export type LinkHeaderConfig = z.output<typeof linkHeaderConfig>

/** Follows the link that the `Link` header gives for a relation (RFC 8288). */
export default definePaginator({
  config: linkHeaderConfig,
  create: createLinkHeader,
})

function createLinkHeader({ rel }: LinkHeaderConfig): Paginator {
  return {
    first: (request) => request,
    next(page) {
      const links = parseLinks(page.headers['link'] ?? '')
      const link = findLink(links, rel, page.url)
      if (link) return followLink(page, link.target)
      return links.length > 0 ? { end: 'no_next' } : { end: 'no_next', missing: 'the header link' }
    },
  }
}

/** A link with an `anchor` is about another resource than the page, unless the anchor is the page (RFC 8288 section 3.2). */
export function findLink(links: readonly WebLink[], rel: string, url: string): WebLink | undefined {
  return links.find(
    ({ rels, anchor }) =>
      rels.includes(rel.toLowerCase()) && (anchor === undefined || URL.parse(anchor, url)?.href === new URL(url).href),
  )
}
