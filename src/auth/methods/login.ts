import { z } from 'zod'
import { defineAuth } from '../auth.ts'
import { namedSecrets } from '../credential-location/credential-template.ts'
import { httpToken } from '../credential-location/header.ts'
import { tokenLifetime, tokenSource } from '../login/answer.ts'
import { requestLogin } from '../login/endpoint.ts'
import { listMissing, loginRequest, renderLogin } from '../login/request.ts'
import {
  type CredentialLocation,
  holdsCredential,
  nameLocation,
  putCredential,
} from '../credential-location/location.ts'
import { describeToken } from '../token/sign-in-facts.ts'
import { createTokenCache } from '../token/token-cache.ts'

const place = z
  .strictObject({
    in: z
      .enum(['header', 'query', 'cookie'])
      .default('header')
      .meta({ description: 'Where the token goes.', examples: ['cookie'] }),
    name: z
      .string()
      .min(1)
      .meta({ description: 'The name of the header, query parameter or cookie.', examples: ['X-Session'] }),
    prefix: z
      .string()
      .regex(/^[\x20-\x7e]*$/)
      .optional()
      .meta({
        description: 'Text right before the token; "Bearer " by default if the header is Authorization.',
        examples: ['Token '],
      }),
  })
  .refine((written) => written.in === 'query' || httpToken.test(written.name), {
    path: ['name'],
    error: 'expected a name of letters, digits and hyphens',
  })

const config = z
  .strictObject({
    type: z.literal('login'),
    request: loginRequest.meta({ description: 'The request that signs in.' }),
    token: tokenSource,
    lifetime: tokenLifetime.optional(),
    place: place.optional().meta({
      description:
        'Where requests carry the token; by default the header or cookie that it came from, else Authorization: Bearer.',
    }),
    secrets: namedSecrets,
  })
  .superRefine(({ request, secrets }, context) => {
    for (const name of listMissing(request, secrets))
      context.addIssue({
        code: 'custom',
        path: ['secrets'],
        message: `request names secret.${name}, which is not here`,
      })
  })
  .meta({
    description: 'A request of your own that exchanges credentials for a token.',
    examples: [
      {
        type: 'login',
        request: { url: 'https://api.acme.example/login', body: { username: 'me', password: 'secret:password' } },
        token: '$.data.token',
        lifetime: '$.data.expires_in',
      },
    ],
  })

export type LoginConfig = z.output<typeof config>

/** Credentials for a token, the way each provider has its own: asked for once per lifetime, and again after a 401. */
export default defineAuth({
  config,
  writes: (keys) => [nameLocation(placeOfToken(keys))],
  endpoints: ({ request }) => [request.url],
  example: {
    label: 'a token for user name and password, at a login URL',
    asksTokenUrl: true,
    lines: ({ secret, quote, tokenUrl = '' }) => [
      'request:',
      `  url: ${quote(tokenUrl)}`,
      `  body: { username: ${secret('username')}, password: ${secret('password')} }`,
      '# Where the token lies in the answer: a JSONPath, header:NAME or cookie:NAME.',
      'token: $.token',
      '# How long it is good for, unless a 401 says so; a duration or a JSONPath.',
      '# lifetime: PT1H',
    ],
  },
  create(keys, deps) {
    const secrets = new Map(Object.entries(keys.secrets).map(([name, ref]) => [name, deps.secret(ref)]))
    const render = () => renderLogin(keys.request, secrets, deps)
    const where = { source: keys.token, lifetime: keys.lifetime }
    const cache = createTokenCache(
      () => requestLogin(render, where, deps),
      () => deps.now(),
    )
    const target = placeOfToken(keys)
    return {
      async sign(request) {
        const { value } = await cache.get()
        return putCredential(request, target, value.reveal())
      },
      async renew(rejected) {
        return cache.drop(({ value }) => holdsCredential(rejected, target, value.reveal()))
      },
      handleChallenge(signed, { status }) {
        if (status < 400) cache.accept(({ value }) => holdsCredential(signed, target, value.reveal()))
        return false
      },
      ...(target.in === 'query' && { queryParams: [target.name] }),
      describe() {
        const entry = cache.peek()
        return entry ? [describeToken(entry.token, { since: entry.since, method: 'login', asked: [] })] : []
      },
    }
  },
})

/** Where the token goes. */
function placeOfToken({ token, place: written }: Pick<LoginConfig, 'token' | 'place'>): CredentialLocation {
  const [kind, name = ''] = token.split(':', 2)
  const found =
    written ?? (kind === 'header' || kind === 'cookie' ? { in: kind, name } : { in: 'header', name: 'Authorization' })
  const prefix = 'prefix' in found ? found.prefix : undefined
  const usual = found.in === 'header' && found.name.toLowerCase() === 'authorization' && kind !== 'header'
  return { in: found.in, name: found.name, prefix: prefix ?? (usual ? 'Bearer ' : '') }
}
