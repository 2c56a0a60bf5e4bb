import fc from 'fast-check'
import { findLifetime, findToken, parseBody } from '../../../src/auth/login/answer.ts'
import { requestLogin } from '../../../src/auth/login/endpoint.ts'
import { requestToken } from '../../../src/auth/token/token-request.ts'
import { createWorld } from '../../auth/helpers.ts'
import { defineBoundary } from '../boundary.ts'
import { mutated } from '../mutate.ts'

const bodies = [
  '{"access_token":"t0ken","token_type":"bearer","expires_in":3600,"scope":"a b"}',
  '{"access_token":"t0ken","token_type":"DPoP","expires_in":"1e999"}',
  '{"error":"invalid_client","error_description":"no"}',
  '{"ok":true,"authed_user":{"access_token":"t0ken"},"token":"x","expires":"2025-01-01T00:00:00Z"}',
  'access_token=t0ken&expires_in=1',
  '<html><title>Sign in</title></html>',
  '',
]
const types = ['application/json', 'application/x-www-form-urlencoded', 'text/html; charset=utf-8']
const inHeader = (text: string): string => text.replaceAll(/[^\x20-\x7e\x80-\xff]/g, '').trim()

export const tokenAnswers = defineBoundary({
  name: 'answers of token endpoints and logins',
  runs: 2_000,
  input: fc.record({
    status: fc.constantFrom(200, 200, 200, 201, 204, 302, 400, 401, 403, 429, 500, 503),
    type: mutated(types).map(inHeader),
    retryAfter: mutated(['120', 'Wed, 21 Oct 2015 07:28:00 GMT']).map(inHeader),
    cookie: mutated(['sid=abc; Max-Age=60; Path=/; HttpOnly', '=; =; max-age=1e9']).map(inHeader),
    body: mutated(bodies, ['"access_token":', '"expires_in":-1', '\ud800', '{"access_token":{"x":1}}']),
    source: fc.constantFrom('$', '$.token', '$..token', 'header:content-type', 'cookie:sid'),
    lifetime: fc.constantFrom(undefined, 'PT1H', '$.expires_in', '$.expires', '$'),
    login: fc.boolean(),
  }),
  open: (t) => {
    const { deps } = createWorld(t)
    const url = 'http://127.0.0.1:9/token'
    return async ({ status, type, retryAfter, cookie, body, source, lifetime, login }) => {
      const headers = { 'content-type': type, 'retry-after': retryAfter, 'set-cookie': cookie }
      const answer = (): Response => new Response(status === 204 ? null : body, { status, headers })
      if (!login) return requestToken(url, async () => answer(), deps)
      const found = { status, headers: answer().headers, text: body, json: parseBody(body) }
      findToken(source, found)
      findLifetime(lifetime, source, { answer: found, now: 0 })
      return requestLogin(
        () => ({ url, init: { method: 'POST', headers: {} } }),
        { source, lifetime },
        { ...deps, fetch: async () => answer() },
      )
    }
  },
})
