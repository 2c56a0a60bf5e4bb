import { parseExact, stringifyExact } from '../base/json/exact-json.ts'
import { memberAt, setPath, simplePath } from '../base/json/path.ts'
import { SyncError } from '../base/errors.ts'
import type { ApiRequest } from '../http/send.ts'
import { describe, invalidAnswer, valueAt } from './envelope.ts'
import { readPair, writePair } from './query.ts'

/** A parameter of a request: a name in the query, or a member name or JSONPath in the body. */
export interface ParamPlace {
  readonly param: string
  readonly in: 'query' | 'body'
}

export type ParamValue = string | number | bigint

/** The value of a parameter; undefined where the request has none, or an empty one. */
export function readParam(request: ApiRequest, { param, in: place }: ParamPlace): unknown {
  const value =
    place === 'query'
      ? readPair(splitUrl(request.url).query, param)
      : isForm(request)
        ? readPair(request.body ?? '', formName(param))
        : param.startsWith('$')
          ? valueAt(parseBody(request), param)
          : memberAt(parseBody(request), [param])
  return value === null || value === '' ? undefined : value
}

/** A copy of `request` in which the parameter has this value, once; the text of all else stays as it is. Throws `RESPONSE_INVALID` for what no request can hold. */
export function writeParam(request: ApiRequest, { param, in: place }: ParamPlace, value: ParamValue): ApiRequest {
  if (typeof value === 'string' && !value.isWellFormed())
    throw invalidAnswer(
      request,
      `what ${param} of the next page is to be holds half a surrogate pair, which cannot be sent`,
    )
  if (place === 'query') {
    const { base, query, fragment } = splitUrl(request.url)
    return { ...request, url: `${base}?${writePair(query, param, String(value))}${fragment}` }
  }
  if (isForm(request)) return { ...request, body: writePair(request.body ?? '', formName(param), String(value)) }
  const path = param.startsWith('$') ? param : `$[${JSON.stringify(param)}]`
  const headers = { 'content-type': 'application/json', ...request.headers }
  return { ...request, headers, body: stringifyExact(setPath(parseBody(request), path, value)) }
}

/** The whole number that a parameter holds. Throws `CONFIG_INVALID` where it holds something else. */
export function readNumber(request: ApiRequest, place: ParamPlace): number | undefined {
  const value = readParam(request, place)
  if (value === undefined) return undefined
  const number = typeof value === 'string' && !/^-?\d+$/.test(value) ? NaN : Number(value)
  if (Number.isSafeInteger(number)) return number
  throw new SyncError(
    'CONFIG_INVALID',
    `The parameter ${place.param} of ${describe(request)} counts pages or rows, so its value must be a whole number.`,
  )
}

/** Adds a parameter to a request that lacks it. */
export function addParam(request: ApiRequest, place: ParamPlace, value: ParamValue | undefined): ApiRequest {
  return value === undefined || readParam(request, place) !== undefined ? request : writeParam(request, place, value)
}

/** True for a body that is written as a form rather than as JSON. */
export function isForm({ headers }: ApiRequest): boolean {
  return headers['content-type']?.toLowerCase().startsWith('application/x-www-form-urlencoded') ?? false
}

function splitUrl(url: string): { base: string; query: string; fragment: string } {
  const [, base = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(url) ?? []
  return { base, query, fragment }
}

function formName(param: string): string {
  const names = param.startsWith('$') ? (simplePath(param) ?? []) : [param]
  if (names.length === 1) return names[0] as string
  throw new SyncError(
    'CONFIG_INVALID',
    `The path ${param} does not fit a form body, which has no nested members: expected a plain name.`,
  )
}

/** The JSON body of a request, integers beyond 2^53 as bigint; an object without members where there is none. */
export function parseBody(request: ApiRequest): unknown {
  if (request.body === undefined || request.body === '') return {}
  try {
    return parseExact(request.body)
  } catch (cause) {
    throw new SyncError(
      'CONFIG_INVALID',
      `The paging parameters of ${describe(request)} go into its body, which must be JSON or a form.`,
      { cause },
    )
  }
}

/** True where a request carries a JSON object, so that paging parameters can go there. */
export function hasJsonBody({ method, headers, body }: ApiRequest): boolean {
  const json = /^application\/(?:[\w.-]+\+)?json\b/i.test(headers['content-type'] ?? '')
  return method !== 'GET' && json && body !== undefined && /^\s*\{/.test(body)
}
