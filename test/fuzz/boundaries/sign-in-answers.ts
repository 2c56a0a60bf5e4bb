import fc from 'fast-check'
import { authorizationCodeConfig } from '../../../src/auth/authorization/authorization-code-config.ts'
import { connectAuthorizationCode } from '../../../src/connect/authorization-code.ts'
import { createWorld } from '../../auth/helpers.ts'
import { defineBoundary } from '../boundary.ts'
import { mutated } from '../mutate.ts'

const issuer = 'http://127.0.0.1:9'
const endpoints = ['authorization', 'token', 'device_authorization'].map((name) => `"${name}_endpoint":"${issuer}/x"`)
const metadata = [
  `{"issuer":"${issuer}",${endpoints.join()},"jwks_uri":"${issuer}/keys"}`,
  `{"issuer":"${issuer}/","token_endpoint":"http://a.example/t","mtls_endpoint_aliases":{}}`,
]
const codes = [
  `{"device_code":"c0de","user_code":"AB-CD","verification_uri":"${issuer}/d","interval":5,"expires_in":900}`,
  `{"device_code":"c0de","user_code":"AB-CD","verification_url":"javascript:x","interval":-1,"expires_in":1e308}`,
]
const tokens = [
  '{"access_token":"t0ken","refresh_token":"r","token_type":"bearer","scope":"a b","expires_in":1}',
  '{"error":"slow_down"}',
  '{"error":"authorization_pending"}',
  '{"error":"access_denied","error_description":"no"}',
]
const statuses = fc.constantFrom(200, 200, 200, 400, 404, 500)
const cookies = fc.constantFrom(0, 0, 0, 3_000)

export const signInAnswers = defineBoundary({
  name: 'answers of OAuth discovery and of device sign-ins',
  runs: 1_000,
  input: fc.record({
    metadata: mutated(metadata, [
      '"issuer":',
      'null',
      '{"token_endpoint":{"x":1}}',
      '"device_authorization_endpoint":"',
    ]),
    code: mutated(codes, ['"user_code":"\u001b[2J"', '"interval":"1e9"', 'null']),
    token: mutated(tokens, ['"access_token":{"x":1}', '"scope":[[]]', '"id_token":"a.b.c"']),
    status: fc.tuple(statuses, statuses, statuses),
    cookies,
  }),
  open: (t) => {
    const { deps } = createWorld(t, { SECRET: 's3cret-of-the-client' })
    const config = authorizationCodeConfig.parse({
      type: 'oauth2_authorization_code',
      issuer,
      client_id: 'client',
      client_secret: 'env:SECRET',
      scopes: ['a'],
      tokens: 'file:tokens.json',
    })
    return (one) => {
      let now = 0
      let polls = 0
      const answer = (body: string, status: number): Response => {
        const headers = new Headers({ 'content-type': 'application/json' })
        for (let at = 0; at < one.cookies; at++) headers.append('set-cookie', `c${at}=x; Path=/`)
        return new Response(body, { status, headers })
      }
      const [found, given, granted] = one.status
      return connectAuthorizationCode(config, {
        connector: 'acme',
        options: { mode: 'device' },
        ui: {
          showUrl: () => undefined,
          showDevice: () => undefined,
          note: () => undefined,
          readLine: async () => undefined,
        },
        deps: {
          ...deps,
          now: () => now,
          sleep: async (ms) => void (now += Math.max(ms, 1)),
          fetch: async (input) => {
            const url = input instanceof Request ? input.url : input.toString()
            if (url.includes('well-known')) return answer(one.metadata, found)
            return polls++ === 0 ? answer(one.code, given) : answer(one.token, granted)
          },
        },
        save: async () => undefined,
      })
    }
  },
})
