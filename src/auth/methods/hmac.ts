import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { secretRef, secretRefOrText } from '../../secrets/ref.ts'
import { defineAuth } from '../auth.ts'
import {
  listUnknownSecrets,
  namedSecrets,
  signingWords,
  templateOrSecret,
  templateText,
} from '../credential-location/credential-template.ts'
import { httpToken } from '../credential-location/header.ts'
import { authorizationHeader, nameLocation } from '../credential-location/location.ts'
import { createSigner } from '../signature/hmac-signer.ts'
import { createProviderClock } from '../signature/provider-clock.ts'

const place = z
  .strictObject({
    in: z.enum(['header', 'query', 'basic']).default('header').meta({
      description: 'basic: the signature is the password of HTTP basic authentication.',
    }),
    name: z.string().min(1).optional().meta({ description: 'Of the header or query parameter.' }),
    username: secretRefOrText.optional().meta({ description: 'With in: basic.' }),
    prefix: templateText(signingWords)
      .default('')
      .meta({ description: 'Stands right before the signature, blanks included; may hold templates.' }),
    suffix: templateText(signingWords).default('').meta({ description: 'Stands right behind it.' }),
  })
  .superRefine(({ in: where, name, username, prefix, suffix }, context) => {
    const report = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (where === 'basic' && username === undefined) report('username', 'expected a user name, as in is basic')
    if (where === 'basic' && (name ?? (prefix + suffix || undefined)) !== undefined)
      report('in', 'expected neither name nor prefix and suffix, as in is basic')
    if (where !== 'basic' && username !== undefined) report('username', 'expected no user name, as in is not basic')
    if (where !== 'basic' && name === undefined) report('name', `expected the name of the ${where} parameter`)
    if (where === 'header' && name !== undefined && !httpToken.test(name))
      report('name', 'expected a name of letters, digits and hyphens')
  })

const values = z.record(z.string().min(1), templateOrSecret(signingWords)).default({})

const algorithms = ['sha256', 'sha384', 'sha512', 'sha1', 'md5'] as const
const spelled = algorithms.map((name) => `HMAC-${name.toUpperCase()}` as const)

const config = z
  .strictObject({
    type: z.literal('hmac'),
    algorithm: z.enum([...algorithms, ...spelled]).default('sha256'),
    key: secretRef,
    key_encoding: z
      .enum(['text', 'base64', 'hex'])
      .default('text')
      .meta({ description: 'How the key is stored; a provider that shows it in base64 often means the bytes.' }),
    template: templateText(signingWords).min(1).meta({ description: 'What is signed.' }),
    encoding: z.enum(['hex', 'HEX', 'base64', 'base64url']).default('hex').meta({ description: 'Of the signature.' }),
    place,
    headers: values.meta({ description: 'Further headers: secrets, or texts with templates.' }),
    params: values.meta({ description: 'Further query parameters, which the signature covers.' }),
    secrets: namedSecrets,
    nonce: z.enum(['random', 'increasing']).default('random').meta({
      description: 'random: 32 hex digits; increasing: microseconds since 1970, never the same twice.',
    }),
  })
  .superRefine((keys, context) => {
    const report = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
    const texts = { template: keys.template, prefix: keys.place.prefix, suffix: keys.place.suffix }
    for (const [key, value] of Object.entries({ ...keys.params, ...keys.headers, ...texts }))
      for (const name of typeof value === 'string' ? listUnknownSecrets(value, signingWords, keys.secrets) : [])
        report(['secrets'], `${key} names secret.${name}, which is not here`)
    for (const name of Object.keys(keys.headers))
      if (!httpToken.test(name)) report(['headers', name], 'expected a header name of letters, digits and hyphens')
  })

export type HmacConfig = z.output<typeof config>

/**
 * A signature of the request by a shared key, as each provider has its own idea of: what is signed is a template. A
 * signature mostly bears the time, so the provider's clock is taken over where it refuses ours.
 */
export default defineAuth({
  config,
  isSignature: true,
  writes: ({ headers, params, place: { in: where, name = '' } }) => [
    ...Object.keys(headers).map((header) => nameLocation({ in: 'header', name: header })),
    ...Object.keys(params).map((param) => nameLocation({ in: 'query', name: param })),
    ...(where === 'basic' ? authorizationHeader() : [nameLocation({ in: where, name })]),
  ],
  example: {
    label: 'a signature of each request (HMAC)',
    lines: ({ secret }) => [
      `key: ${secret('key')}`,
      "# What is signed, in the order that the provider's documentation gives.",
      'template: "{{ timestamp }}{{ method }}{{ target }}{{ body }}"',
      'headers: { X-Timestamp: "{{ timestamp }}" }',
      'place: { in: header, name: X-Signature }',
    ],
  },
  create(keys, deps) {
    const clock = createProviderClock(deps)
    const createNonce = keys.nonce === 'random' ? () => randomBytes(16).toString('hex') : countUp(clock.now)
    const secrets = new Map(Object.entries(keys.secrets).map(([name, ref]) => [name, deps.secret(ref)]))
    const signOnce = createSigner(keys, deps)
    return {
      sign: async (request) =>
        signOnce(clock.mark(request), { now: clock.now(), nonce: createNonce(), secrets, redactor: deps.redactor }),
      handleChallenge: clock.learn,
      queryParams: [...Object.keys(keys.params), ...(keys.place.in === 'query' ? [String(keys.place.name)] : [])],
    }
  },
})

/** Providers remember the last one of a key, so that two requests of the same moment need two. */
function countUp(now: () => number): () => string {
  let last = 0
  return () => {
    last = Math.max(last + 1, Math.floor(now() * 1_000))
    return String(last)
  }
}
