import { ClientSecretBasic, ClientSecretPost, None } from 'oauth4webapi'
import { z } from 'zod'
import { secureUrl } from '../../syntax/secure-url.ts'
import { duration } from '../../syntax/duration.ts'
import { isSecretRef, secretRef, secretRefOrText } from '../../secrets/ref.ts'
import { type AssertionGrant, createAssertionGrant } from '../assertion/grant.ts'
import { signAssertion } from '../assertion/assertion.ts'
import { type AuthDeps, defineAuth } from '../auth.ts'
import { rejectTrailingNewline } from '../credential-location/header.ts'
import { authorizationHeader } from '../credential-location/location.ts'
import { scopesComment, tokenUrlLine } from '../example.ts'
import { scopeList } from '../token/scope-list.ts'
import { createTokenAuth } from '../token/token-auth.ts'
import { requestToken } from '../token/token-request.ts'
import {
  type SigningKey,
  keyAlgorithms,
  readPrivateKey,
  readSharedKey,
  secretAlgorithms,
} from '../assertion/signing-key.ts'

const claim = z.union([secretRefOrText, z.json()])

const jwtBearerConfig = z
  .strictObject({
    type: z.literal('jwt_bearer'),
    token_url: secureUrl.meta({
      description: 'The token endpoint.',
      examples: ['https://auth.acme.example/token'],
    }),
    issuer: secretRefOrText.meta({
      description: 'The iss of the JWT: a client id, or an account.',
      examples: ['acme'],
    }),
    subject: secretRefOrText
      .optional()
      .meta({ description: 'The sub of the JWT: the user or account to act for.', examples: ['etl@acme.example'] }),
    audience: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'The aud of the JWT; token_url if absent.', examples: ['https://login.salesforce.com'] }),
    private_key: secretRef.meta({
      description: 'The key that signs the JWT, as PEM or JWK; the shared secret with algorithm HS256.',
      examples: ['secret:acme-key'],
    }),
    key_id: secretRefOrText
      .optional()
      .meta({ description: 'The kid of the JWT; by default that of the JWK.', examples: ['key-1'] }),
    algorithm: z
      .enum([...keyAlgorithms, ...secretAlgorithms])
      .optional()
      .meta({ description: 'How the JWT is signed; by default what suits the key.', examples: ['ES256'] }),
    scopes: scopeList.default([]).meta({
      description:
        'The scopes to ask for: a list, or one text with spaces between; sent as a claim and as a parameter.',
      examples: [['signature']],
    }),
    claims: z
      .record(z.string(), claim)
      .default({})
      .meta({
        description: 'Further claims of the JWT; null removes one that is sent by default, such as scope or jti.',
        examples: [{ box_sub_type: 'enterprise', jti: null }],
      }),
    lifetime: duration
      .prefault('PT45S')
      .meta({ description: 'How long the JWT is valid; some providers refuse a minute or more.', examples: ['PT30S'] }),
    client_id: secretRefOrText
      .optional()
      .meta({ description: 'The id of the OAuth client, where the provider asks for it too.', examples: ['acme'] }),
    client_secret: secretRef
      .optional()
      .meta({ description: 'The secret of the OAuth client.', examples: ['secret:acme-secret'] }),
    client_auth: z
      .enum(['basic', 'post'])
      .default('post')
      .meta({
        description: 'Where client_id and client_secret go: into the Authorization header (basic) or the body (post).',
        examples: ['basic'],
      }),
    assertion_param: z
      .string()
      .min(1)
      .default('assertion')
      .meta({ description: 'The parameter of the token request that takes the JWT.', examples: ['jwt'] }),
    extra: z
      .record(z.string(), secretRefOrText)
      .default({})
      .meta({ description: 'Further parameters of the token request.', examples: [{ account_id: '12' }] }),
  })
  .refine(({ client_id, client_secret }) => client_id !== undefined || client_secret === undefined, {
    path: ['client_id'],
    error: 'expected a client_id beside client_secret',
  })
  .meta({
    description: 'A token in exchange for a signed JWT (RFC 7523), as for Salesforce, Box and DocuSign.',
    examples: [
      {
        type: 'jwt_bearer',
        token_url: 'https://login.salesforce.com/services/oauth2/token',
        issuer: 'acme',
        subject: 'etl@acme.example',
        audience: 'https://login.salesforce.com',
        private_key: 'secret:acme-key',
      },
    ],
  })

type JwtBearerConfig = z.output<typeof jwtBearerConfig>

/**
 * A token for an assertion that is signed with a key (RFC 7523 section 2.1), as the service accounts of Google, the
 * connected apps of Salesforce, Box and DocuSign want it.
 */
export default defineAuth({
  config: jwtBearerConfig,
  writes: authorizationHeader,
  endpoints: ({ token_url: url }) => [url],
  example: {
    label: 'a signed assertion (service account key)',
    asksTokenUrl: true,
    lines: (options) => [
      tokenUrlLine(options),
      '# The client id or account that the key belongs to.',
      `issuer: ${options.secret('issuer')}`,
      '# The user that is acted for.',
      `# subject: ${options.secret('subject')}`,
      `private_key: ${options.secret('private-key')}`,
      scopesComment,
      'scopes: []',
    ],
  },
  create(config, deps) {
    const send = createGrant(config, deps)
    return createTokenAuth(() => requestToken(config.token_url, send, deps), deps, {
      method: config.type,
      scopes: config.scopes,
    })
  },
})

function createGrant(config: JwtBearerConfig, deps: AuthDeps): () => Promise<Response> {
  const signing = readSigningKey(config, deps)
  const claims = listClaims(config, deps)
  const client = createClient(config, deps)
  return createAssertionGrant(
    {
      tokenUrl: config.token_url,
      assert: (now) => signAssertion(signing, { claims, now, lifetime: config.lifetime }),
      parameters: listParameters(config, deps),
      param: config.assertion_param,
      ...(client && { client }),
    },
    deps,
  )
}

function readSigningKey(config: JwtBearerConfig, deps: AuthDeps): SigningKey {
  const secret = deps.secret(config.private_key)
  const shared = secretAlgorithms.find((known) => known === config.algorithm)
  const algorithm = keyAlgorithms.find((known) => known === config.algorithm)
  const signing = shared
    ? readSharedKey(secret, shared)
    : readPrivateKey(secret, { where: 'auth.private_key', algorithm })
  return config.key_id === undefined ? signing : { ...signing, keyId: deps.secret(config.key_id).reveal() }
}

function listClaims(config: JwtBearerConfig, deps: AuthDeps): Readonly<Record<string, unknown>> {
  const { issuer, subject, audience = config.token_url, scopes, claims } = config
  const further = Object.entries(claims).map(([name, value]) => [
    name,
    isSecretRef(value) || typeof value === 'string' ? deps.secret(value).reveal() : value,
  ])
  return {
    iss: deps.secret(issuer).reveal(),
    ...(subject !== undefined && { sub: deps.secret(subject).reveal() }),
    aud: audience,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    ...Object.fromEntries(further),
  }
}

function listParameters({ scopes, extra }: JwtBearerConfig, deps: AuthDeps): Record<string, string> {
  const further = Object.entries(extra).map(([name, value]) => [name, deps.secret(value).reveal()])
  return { ...(scopes.length > 0 && { scope: scopes.join(' ') }), ...Object.fromEntries(further) }
}

function createClient(config: JwtBearerConfig, deps: AuthDeps): AssertionGrant['client'] {
  const { client_id: id, client_secret: secret } = config
  if (id === undefined) return undefined
  const value = secret && rejectTrailingNewline(deps.secret(secret), 'auth.client_secret').reveal()
  if (value === undefined) return { id: deps.secret(id).reveal(), authenticate: None() }
  const authenticate = config.client_auth === 'basic' ? ClientSecretBasic(value) : ClientSecretPost(value)
  return { id: deps.secret(id).reveal(), authenticate }
}
