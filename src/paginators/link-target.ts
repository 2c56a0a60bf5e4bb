import type { ApiRequest } from '../http/send.ts'
import { invalidAnswer } from './envelope.ts'
import type { PageView } from './paginator.ts'

/**
 * The request that follows a link: its method, headers and body are those of the page's request, its URL is the link's,
 * whole, so that no parameter is sent twice. A relative link resolves against the URL that answered (RFC 3986 section 5).
 */
export function followLink({ request, url }: PageView, link: string): ApiRequest {
  if (!link.isWellFormed())
    throw invalidAnswer(request, 'its link to the next page holds half a surrogate pair, which cannot be sent')
  const target = URL.parse(link, url)
  if (!target || !/^https?:$/.test(target.protocol))
    throw invalidAnswer(request, 'its link to the next page is no http URL')
  target.hash = ''
  // Whatever a provider puts there is a credential, and a request is saved in a checkpoint.
  target.username = ''
  target.password = ''
  return { ...request, url: target.href }
}
