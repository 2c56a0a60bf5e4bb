import type { ApiRequest } from '../../http/send.ts'
import { withHeader } from './header.ts'
import { withParams } from './query-param.ts'

/** Where a credential stands in a request. */
export interface CredentialLocation {
  readonly in: 'header' | 'query' | 'cookie'
  readonly name: string
  /** Right before the credential. */
  readonly prefix: string
}

/** A location as `AuthMethod.writes` names it; a header in lower case, as its name has no case. */
export function nameLocation({ in: where, name }: Pick<CredentialLocation, 'in' | 'name'>): string {
  return `${where} ${where === 'header' ? name.toLowerCase() : name}`
}

/** What most methods write. */
export const authorizationHeader = (): readonly string[] => ['header authorization']

/** A copy of `request` with the credential at its place, instead of what may have been there. */
export function putCredential(request: ApiRequest, place: CredentialLocation, credential: string): ApiRequest {
  const text = place.prefix + credential
  switch (place.in) {
    case 'header':
      return withHeader(request, place.name.toLowerCase(), text)
    case 'query':
      return withParams(request, [[place.name, text]])
    case 'cookie': {
      const others = splitCookies(request).filter((pair) => !pair.startsWith(`${place.name}=`))
      return withHeader(request, 'cookie', [...others, `${place.name}=${text}`].join('; '))
    }
  }
}

/** Whether `request` was sent with just this credential. */
export function holdsCredential(request: ApiRequest, place: CredentialLocation, credential: string): boolean {
  const text = place.prefix + credential
  switch (place.in) {
    case 'header':
      return request.headers[place.name.toLowerCase()] === text
    case 'query':
      return new URL(request.url).searchParams.get(place.name) === text
    case 'cookie':
      return splitCookies(request).includes(`${place.name}=${text}`)
  }
}

function splitCookies({ headers }: ApiRequest): readonly string[] {
  return (headers['cookie'] ?? '').split(/;\s*/).filter((pair) => pair !== '')
}
