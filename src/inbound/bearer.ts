import type { IncomingMessage } from 'node:http'
import { SyncError } from '../base/errors.ts'
import { unknownCaller } from './caller.ts'

/** Google's tokens have about 1 KiB. */
const longestToken = 8192

/** Headers that must not come twice: which of the two counts would depend on who reads them. */
const single = new Set([
  'authorization',
  'content-type',
  'host',
  'x-serverless-authorization',
  'x-goog-iap-jwt-assertion',
  'origin',
])

/** Throws `REQUEST_INVALID` for a request that two readers could take for two different ones. */
export function checkHeaders({ rawHeaders }: IncomingMessage): void {
  const seen = new Set<string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase()
    if (single.has(name) && seen.has(name))
      throw new SyncError('REQUEST_INVALID', `The header ${name} is there twice: send it once.`)
    seen.add(name)
  }
}

/** The token of `Authorization: Bearer TOKEN`, else undefined. Throws `CALLER_UNKNOWN` for what cannot be one. */
export function readBearer(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string') return undefined
  const token = /^bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(header)?.[1]
  if (token === undefined) throw unknownCaller('The Authorization header holds no bearer token.')
  if (token.length > longestToken) throw unknownCaller(`The token has more than ${longestToken} characters.`)
  return token
}

/** What a JSON web token says of itself, whoever signed it; undefined where it is none. */
export function readClaims(token: string): Readonly<Record<string, unknown>> | undefined {
  const parts = token.split('.')
  if (parts.length !== 3) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1] as string, 'base64url').toString('utf8'))
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims)
      ? (claims as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
