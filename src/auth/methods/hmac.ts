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
    in: z
      .enum(['header', 'query', 'basic'])
      .default('header')
      .meta({
        description: 'Where the signature goes; basic: it is the password of HTTP basic authentication.',
        examples: ['query'],
      }),
    name: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'The name of the header or query parameter.', examples: ['X-Signature'] }),
    username: secretRefOrText
      .optional()
      .meta({ description: 'The user name, with in: basic.', examples: ['secret:acme-key-id'] }),
    prefix: templateText(signingWords)
      .default('')
      .meta({
        description: 'Text right before the signature; may have templates.',
        examples: ['HMAC-SHA256 Signature='],
      }),
    suffix: templateText(signingWords)
      .default('')
      .meta({ description: 'Text right after the signature; may have templates.', examples: ['; ts={{ timestamp }}'] }),
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
    algorithm: z
      .enum([...algorithms, ...spelled])
      .default('sha256')
      .meta({ description: 'The hash.', examples: ['sha512'] }),
    key: secretRef.meta({ description: 'The shared key.', examples: ['secret:key'] }),
    key_encoding: z
      .enum(['text', 'base64', 'hex'])
      .default('text')
      .meta({
        description: 'How the key is stored; providers that show it in base64 often mean the bytes.',
        examples: ['base64'],
      }),
    template: templateText(signingWords)
      .min(1)
      .meta({ description: 'What is signed.', examples: ['{{ timestamp }}{{ method }}{{ target }}{{ body }}'] }),
    encoding: z
      .enum(['hex', 'HEX', 'base64', 'base64url'])
      .default('hex')
      .meta({ description: 'How the signature is written.', examples: ['base64'] }),
    place: place.meta({ description: 'Where requests carry the signature.' }),
    headers: values.meta({
      description: 'Further headers: secrets, or texts with templates.',
      examples: [{ 'X-Time': '{{ timestamp }}' }],
    }),
    params: values.meta({
      description: 'Further query parameters, which the signature covers.',
      examples: [{ key: 'secret:acme-key-id' }],
    }),
    secrets: namedSecrets,
    nonce: z
      .enum(['random', 'increasing'])
      .default('random')
      .meta({
        description: 'What nonce is: 32 random hex digits, or microseconds since 1970, never the same twice.',
        examples: ['increasing'],
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
  .meta({
    description: 'A signature of the request by a shared key, as the provider defines it.',
    examples: [
      {
        type: 'hmac',
        key: 'secret:key',
        template: '{{ timestamp }}{{ method }}{{ target }}{{ body }}',
        headers: { 'X-Time': '{{ timestamp }}' },
        place: { name: 'X-Signature' },
      },
    ],
  })

export type HmacConfig = z.output<typeof config>

/**
 * A signature of the request by a shared key, as each provider has its own idea of: what is signed is a template. A
 * signature mostly contains the time, so the provider's clock is taken over where it refuses ours.
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
