import type { ApiRequest } from './send.ts'

/** Takes known secrets out of a text. */
export type Redact = (text: string) => string

/** Query parameters that are credentials by their very name, such as those of a signed link that a redirect led to. */
const credentialNames =
  /^(?:access_token|refresh_token|id_token|api_?key|client_secret|password|sig|signature|x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential))$/i

const longestUrl = 500

/** `GET https://api.example/v1/orders?page=2`, without user name, password and what is known to be a secret. */
export function describeRequest(request: Pick<ApiRequest, 'method' | 'url'>, redact: Redact): string {
  return `${request.method} ${describeUrl(request.url, redact)}`
}

export function describeUrl(text: string, redact: Redact): string {
  const url = URL.parse(text)
  if (!url) return cut(redact(text))
  const query = url.search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '')
    .map(hideCredential)
    .join('&')
  return cut(redact(`${url.origin}${url.pathname}${query === '' ? '' : `?${query}`}`))
}

function hideCredential(pair: string): string {
  const name = pair.split('=', 1)[0] as string
  return credentialNames.test(name) ? `${name}=[secret]` : pair
}

function cut(text: string): string {
  return text.length <= longestUrl ? text : `${text.slice(0, longestUrl)}...`
}
