import { z } from 'zod'
import { SyncError } from '../errors.ts'
import type { ApiRequest } from '../http/send.ts'
import { secretRef } from '../secrets/ref.ts'
import type { Secret } from '../secrets/secret.ts'
import { type Auth, defineAuth } from './auth.ts'
import { httpToken, readHeaderSecret, withHeader } from './header.ts'

const config = z
  .strictObject({
    type: z.literal('api_key'),
    in: z.enum(['header', 'query', 'cookie']).default('header'),
    name: z.string().min(1).meta({ description: 'Of the header, query parameter or cookie.' }),
    value: secretRef,
    prefix: z
      .string()
      .regex(/^[\x20-\x7e]*$/)
      .default('')
      .meta({ description: 'Stands right before the value, blanks included, such as "Token ".' }),
  })
  .refine((key) => key.in === 'query' || httpToken.test(key.name), {
    path: ['name'],
    error: 'expected a name of letters, digits and hyphens',
  })

/** A key in a header, a query parameter or a cookie. */
export default defineAuth({
  config,
  create: ({ in: place, name, value, prefix }, { secret }): Auth => {
    const key = secret(value)
    switch (place) {
      case 'header': {
        readHeaderSecret(key, 'auth.value')
        return { sign: async (request) => withHeader(request, name.toLowerCase(), prefix + key.reveal()) }
      }
      case 'query':
        return { sign: async (request) => withParam(request, name, prefix + key.reveal()), queryParams: [name] }
      case 'cookie': {
        const pair = `${name}=${prefix}`
        readCookieSecret(key)
        return { sign: async (request) => withCookie(request, pair + key.reveal()) }
      }
    }
  },
})

/**
 * The query is edited as text: URLSearchParams would write the other parameters anew, and a next link must be sent back
 * as the provider wrote it. A parameter of this name that is already there is an old key, so it goes.
 */
function withParam(request: ApiRequest, name: string, value: string): ApiRequest {
  const [, before = '', query = ''] = /^([^?#]*)\??([^#]*)/.exec(request.url) ?? []
  const kept = query.split('&').filter((pair) => pair !== '' && paramName(pair) !== name)
  const added = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
  return { ...request, url: `${before}?${[...kept, added].join('&')}` }
}

function paramName(pair: string): string | undefined {
  return [...new URLSearchParams(pair).keys()][0]
}

function withCookie(request: ApiRequest, pair: string): ApiRequest {
  const others = request.headers['cookie']
  return withHeader(request, 'cookie', others ? `${others}; ${pair}` : pair)
}

/** RFC 6265 section 4.1.1: a semicolon would end the cookie, and the rest of the key would be sent as another one. */
function readCookieSecret(key: Secret): void {
  readHeaderSecret(key, 'auth.value')
  if (/[;,\s"\\]/.test(key.reveal())) {
    throw new SyncError(
      'CONFIG_INVALID',
      'The secret of auth.value holds a character that a cookie cannot carry; check what is stored there.',
    )
  }
}
