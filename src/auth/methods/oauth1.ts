import { type KeyObject, createPrivateKey } from 'node:crypto'
import { z } from 'zod'
import { SyncError } from '../../base/errors.ts'
import { type SecretRef, secretRef, secretRefOrText } from '../../secrets/ref.ts'
import { Secret } from '../../secrets/secret.ts'
import { type AuthDeps, defineAuth } from '../auth.ts'
import { quoteForShell } from './authorization-code.ts'
import { rejectTrailingNewline, withHeader } from '../credential-location/header.ts'
import { authorizationHeader } from '../credential-location/location.ts'
import {
  type OAuth1Client,
  type OAuth1Token,
  authorizeOAuth1,
  createNonce,
  oauth1Methods,
} from '../signature/oauth1-signature.ts'
import { createProviderClock } from '../signature/provider-clock.ts'
import { secureUrl } from '../../syntax/secure-url.ts'
import { restoreLines } from '../../secrets/pem.ts'

const config = z
  .strictObject({
    type: z.literal('oauth1'),
    consumer_key: secretRefOrText.meta({
      description: 'The key of the client: a literal or a secret.',
      examples: ['acme'],
    }),
    consumer_secret: secretRef
      .optional()
      .meta({ description: 'The secret of the client, for HMAC and PLAINTEXT.', examples: ['secret:consumer'] }),
    token: secretRef.optional().meta({
      description: 'A long-lived access token; absent where the client acts for itself.',
      examples: ['secret:token'],
    }),
    token_secret: secretRef
      .optional()
      .meta({ description: 'The secret of the access token.', examples: ['secret:token-secret'] }),
    tokens: secretRef
      .refine(({ store, version, pointer }) => store !== 'env' && version === undefined && pointer === undefined, {
        error: 'expected secret:NAME or file:PATH without @ and #, as headrace connect writes there',
      })
      .optional()
      .meta({
        description: 'In place of token and token_secret: where headrace connect saves them.',
        examples: ['secret:acme-tokens'],
      }),
    signature: z
      .enum(oauth1Methods)
      .default('HMAC-SHA1')
      .meta({ description: 'The signature method.', examples: ['HMAC-SHA256'] }),
    private_key: secretRef
      .optional()
      .meta({ description: 'The RSA key for the RSA methods, as PEM.', examples: ['secret:acme-key'] }),
    realm: z
      .string()
      .regex(/^[\x20-\x7e]+$/, { error: 'expected visible ASCII characters' })
      .optional()
      .meta({ description: 'The realm parameter; for NetSuite the account id.', examples: ['1234567_SB1'] }),
    request_token_url: secureUrl.optional().meta({
      description: 'For headrace connect: where it asks for a request token.',
      examples: ['https://api.acme.example/oauth/request_token'],
    }),
    authorize_url: secureUrl.optional().meta({
      description: 'For headrace connect: where the browser is sent for consent.',
      examples: ['https://api.acme.example/oauth/authorize'],
    }),
    access_token_url: secureUrl.optional().meta({
      description: 'For headrace connect: where it asks for the access token.',
      examples: ['https://api.acme.example/oauth/access_token'],
    }),
    redirect_url: secureUrl.optional().meta({
      description: 'For headrace connect: the callback URL that is registered with the provider.',
      examples: ['http://127.0.0.1:8976/callback'],
    }),
    scopes: z
      .array(z.string().min(1))
      .default([])
      .meta({
        description: 'For headrace connect: scopes for the request token, where the provider has them.',
        examples: [['read']],
      }),
  })
  .superRefine((keys, context) => {
    for (const [key, message] of listProblems(keys)) context.addIssue({ code: 'custom', path: [key], message })
  })
  .meta({
    description: 'OAuth 1.0a (RFC 5849): each request is signed.',
    examples: [
      {
        type: 'oauth1',
        consumer_key: 'acme',
        consumer_secret: 'secret:consumer',
        token: 'secret:token',
        token_secret: 'secret:token-secret',
        signature: 'HMAC-SHA256',
      },
    ],
  })

export type OAuth1Config = z.output<typeof config>

function* listProblems(keys: {
  readonly [Key in keyof OAuth1Config]: OAuth1Config[Key]
}): Generator<readonly [string, string]> {
  const { signature, consumer_secret: secret, private_key: key, token, token_secret: tokenSecret, tokens } = keys
  const rsa = signature.startsWith('RSA')
  if (rsa && key === undefined) yield ['private_key', `expected a secret, as signature is ${signature}`]
  if (!rsa && key !== undefined) yield ['private_key', `expected no private_key, as signature is ${signature}`]
  if (!rsa && secret === undefined) yield ['consumer_secret', `expected a secret, as signature is ${signature}`]
  if (tokens !== undefined && (token !== undefined || tokenSecret !== undefined))
    yield ['tokens', 'expected either tokens, or token and token_secret']
  if (token === undefined && tokenSecret !== undefined) yield ['token', 'expected a secret, as token_secret is given']
  if (!rsa && token !== undefined && tokenSecret === undefined)
    yield ['token_secret', 'expected a secret, as token is given']
}

/**
 * OAuth 1.0a (RFC 5849): every request is signed by itself, with a nonce of its own. A signature contains the time, so the
 * provider's clock is taken over where it refuses ours.
 */
export default defineAuth({
  config,
  isSignature: true,
  writes: authorizationHeader,
  endpoints: (keys) => [keys.request_token_url, keys.access_token_url].filter((url) => url !== undefined),
  example: {
    label: 'OAuth 1.0a',
    lines: ({ secret }) => [
      `consumer_key: ${secret('consumer-key')}`,
      `consumer_secret: ${secret('consumer-secret')}`,
      `token: ${secret('token')}`,
      `token_secret: ${secret('token-secret')}`,
      '# signature: HMAC-SHA256',
    ],
  },
  create(keys, deps) {
    const client = createOAuth1Client(keys, deps)
    const tokens = createTokenSource(keys, deps)
    const clock = createProviderClock(deps)
    return {
      async sign(request) {
        const token = await tokens.get()
        const marked = clock.mark(request)
        const call = { request: marked, token, now: clock.now(), nonce: createNonce(), extra: { oauth_version: '1.0' } }
        return withHeader(marked, 'authorization', authorizeOAuth1(call, client))
      },
      handleChallenge: clock.learn,
      ...(keys.tokens && {
        async renew() {
          tokens.drop()
          return undefined
        },
      }),
    }
  },
})

/** The client of a configuration, its secrets looked up. Throws `CONFIG_INVALID` for a key that is no RSA key. */
export function createOAuth1Client(
  { consumer_key, consumer_secret, private_key, signature, realm }: OAuth1Config,
  { secret }: Pick<AuthDeps, 'secret'>,
): OAuth1Client {
  return {
    consumerKey: secret(consumer_key).reveal(),
    consumerSecret: consumer_secret && rejectTrailingNewline(secret(consumer_secret), 'auth.consumer_secret').reveal(),
    privateKey: private_key && readRsaKey(secret(private_key)),
    signature,
    realm,
  }
}

/** Of any length, as providers of that time still have keys of 1024 bits. */
function readRsaKey(secret: Secret): KeyObject {
  const key = tryKey(restoreLines(secret.reveal()))
  if (key?.asymmetricKeyType === 'rsa') return key
  throw new SyncError(
    'CONFIG_INVALID',
    'The secret of auth.private_key is no RSA private key: expected PEM that begins with -----BEGIN PRIVATE KEY-----, without a passphrase.',
  )
}

function tryKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    // Not kept as a cause: the parser may quote what it read.
    return undefined
  }
}

interface TokenSource {
  /** Undefined where the client signs for itself. Throws `RECONNECT_NEEDED`. */
  get(): Promise<OAuth1Token | undefined>
  /** What was saved is read again: a person may have connected again meanwhile. */
  drop(): void
}

function createTokenSource({ token, token_secret: tokenSecret, tokens }: OAuth1Config, deps: AuthDeps): TokenSource {
  if (!tokens) {
    const read = (value: SecretRef | undefined, where: string) =>
      value ? rejectTrailingNewline(deps.secret(value), where).reveal() : ''
    const fixed = token && { token: read(token, 'auth.token'), secret: read(tokenSecret, 'auth.token_secret') }
    return { get: async () => fixed, drop: () => {} }
  }
  let saved: Promise<OAuth1Token> | undefined
  return {
    get() {
      saved ??= readSaved(tokens, deps).catch((error: unknown) => {
        saved = undefined
        throw error
      })
      return saved
    },
    drop: () => (saved = undefined),
  }
}

async function readSaved(ref: SecretRef, { tokens, redactor, signal, file }: AuthDeps): Promise<OAuth1Token> {
  const store = tokens(ref)
  const { token, token_secret: secret = '' } = (await store.read(signal))?.tokens ?? {}
  if (token === undefined)
    throw new SyncError(
      'RECONNECT_NEEDED',
      `Nobody has consented yet: ${store.name} holds no OAuth 1.0a token; sign in once: headrace connect ${quoteForShell(file)}.`,
      { details: { tokens: store.name } },
    )
  for (const value of [token, secret]) redactor.add(new Secret(value))
  return { token, secret }
}
