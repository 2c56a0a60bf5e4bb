import type { ApiRequest } from '../../http/send.ts'

/**
 * A copy of `request` with parameters at the end of its query. The query is edited as text: URLSearchParams would write
 * the other parameters differently, and a next link must be sent back as the provider wrote it. Parameters of these names that
 * are already there are old credentials, so they go.
 */
export function withParams(request: ApiRequest, params: readonly (readonly [string, string])[]): ApiRequest {
  if (params.length === 0) return request
  const [, before = '', query = ''] = /^([^?#]*)\??([^#]*)/.exec(request.url) ?? []
  const kept = query.split('&').filter((pair) => pair !== '' && !isNamed(pair, params))
  const added = params.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
  return { ...request, url: `${before}?${[...kept, ...added].join('&')}` }
}

/** A copy of `request` without the parameters of this name. */
export function withoutParam(request: ApiRequest, name: string): ApiRequest {
  const [, before = '', query = ''] = /^([^?#]*)\??([^#]*)/.exec(request.url) ?? []
  const pairs = query.split('&')
  const kept = pairs.filter((pair) => !isNamed(pair, [[name]]))
  if (kept.length === pairs.length) return request
  return { ...request, url: kept.length === 0 ? before : `${before}?${kept.join('&')}` }
}

function isNamed(pair: string, names: readonly (readonly [string, ...unknown[]])[]): boolean {
  const [found] = new URLSearchParams(pair).keys()
  return names.some(([name]) => name === found)
}
