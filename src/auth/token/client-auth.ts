import { type ClientAuth, ClientSecretPost, None, TlsClientAuth } from 'oauth4webapi'
import { z } from 'zod'
import { SyncError } from '../../base/errors.ts'
import { type SecretRef, secretRef, secretRefOrText } from '../../secrets/ref.ts'
import { Secret } from '../../secrets/secret.ts'
import { signAssertion } from '../assertion/assertion.ts'
import type { AuthDeps } from '../auth.ts'
import { createBasicAuth } from './basic-auth.ts'
import { rejectTrailingNewline } from '../credential-location/header.ts'
import { createEndpointClock } from '../assertion/endpoint-clock.ts'
import {
  type SigningKey,
  keyAlgorithms,
  readPrivateKey,
  readSharedKey,
  readThumbprints,
  secretAlgorithms,
} from '../assertion/signing-key.ts'

const methods = [
  ...(['basic', 'post', 'private_key_jwt', 'client_secret_jwt'] as const),
  ...(['tls_client_auth', 'self_signed_tls_client_auth', 'none'] as const),
] as const

/** How a token request is sent. */
export const requestEncoding = z
  .enum(['form', 'json'])
  .default('form')
  .meta({
    description: 'How the token request is encoded: as a form, which is the standard, or as JSON.',
    examples: ['json'],
  })

/** The keys by which a client says who it is to a token endpoint, the same in every OAuth 2.0 grant. */
export const clientAuthKeys = {
  client_id: secretRefOrText.meta({
    description: 'The id of the OAuth client: a literal or a secret.',
    examples: ['acme', 'secret:acme#id'],
  }),
  client_secret: secretRef
    .optional()
    .meta({ description: 'The secret of the OAuth client.', examples: ['secret:acme#secret'] }),
  client_auth: z
    .enum(methods)
    .default('basic')
    .meta({
      description:
        'How the client authenticates: its secret in the Authorization header (basic) or in the body (post), a signed JWT, its TLS certificate, or not at all.',
      examples: ['post', 'private_key_jwt'],
    }),
  private_key: secretRef
    .optional()
    .meta({ description: 'The key for private_key_jwt, as PEM or JWK.', examples: ['secret:acme-key'] }),
  key_id: secretRefOrText
    .optional()
    .meta({ description: 'The kid of the key; by default that of the JWK.', examples: ['key-1'] }),
  algorithm: z
    .enum([...keyAlgorithms, ...secretAlgorithms])
    .optional()
    .meta({
      description: 'How the JWT is signed; by default what suits the key, and HS256 for a client secret.',
      examples: ['ES256'],
    }),
  certificate: secretRef.optional().meta({
    description:
      'With private_key_jwt: a certificate as PEM, whose thumbprints go into the JWT, as for Microsoft Entra.',
    examples: ['secret:acme-certificate'],
  }),
  assertion_audience: z
    .string()
    .min(1)
    .optional()
    .meta({
      description: 'The aud of the JWT; by default the token endpoint, or the issuer.',
      examples: ['https://auth.acme.example'],
    }),
}

export interface ClientAuthConfig {
  readonly client_id: SecretRef | string
  readonly client_secret?: SecretRef | undefined
  readonly client_auth: (typeof methods)[number]
  readonly private_key?: SecretRef | undefined
  readonly key_id?: SecretRef | string | undefined
  readonly algorithm?: (typeof keyAlgorithms)[number] | (typeof secretAlgorithms)[number] | undefined
  readonly certificate?: SecretRef | undefined
  readonly assertion_audience?: string | undefined
}

/** For `superRefine` of a method that spreads `clientAuthKeys`: what each way of authentication needs and cannot use. */
export function checkClientAuth(config: ClientAuthConfig, context: z.core.$RefinementCtx): void {
  const { client_auth: method, client_secret: secret, private_key: key, algorithm } = config
  const report = (path: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message, input: config })
  const needsSecret = ['basic', 'post', 'client_secret_jwt'].includes(method)
  if (needsSecret && !secret)
    report(
      'client_secret',
      `expected a secret, as client_auth is ${method === 'client_secret_jwt' ? method : 'not none'}`,
    )
  if (!needsSecret && secret) report('client_secret', `expected no client_secret, as client_auth is ${method}`)
  if (method === 'private_key_jwt' && !key)
    report('private_key', 'expected a secret, as client_auth is private_key_jwt')
  if (method !== 'private_key_jwt')
    for (const name of ['private_key', 'key_id', 'certificate'] as const)
      if (config[name] !== undefined && !(name === 'key_id' && method === 'client_secret_jwt'))
        report(name, `expected client_auth: private_key_jwt beside ${name}`)
  if (algorithm === undefined) return
  const shared = algorithm.startsWith('HS')
  if (method === 'private_key_jwt' && shared) report('algorithm', `expected one of ${keyAlgorithms.join(', ')}`)
  if (method === 'client_secret_jwt' && !shared) report('algorithm', `expected one of ${secretAlgorithms.join(', ')}`)
  if (!method.endsWith('_jwt')) report('algorithm', `expected no algorithm, as client_auth is ${method}`)
}

/** How a client proves who it is, to be used for every request to one token endpoint. */
export interface ClientAuthentication {
  readonly clientId: string
  /** For oauth4webapi. */
  readonly authenticate: ClientAuth
  /**
   * Runs `request`, a token request that `authenticate` takes part in. An assertion that is refused by an endpoint whose
   * clock is far from ours is made again by that clock, once; so is a basic header in its other spelling.
   */
  send(request: () => Promise<Response>): Promise<Response>
}

/** Throws `CONFIG_INVALID` for a key that cannot be used. */
export function createClientAuth(config: ClientAuthConfig, deps: AuthDeps): ClientAuthentication {
  const clientId = deps.secret(config.client_id).reveal()
  const secret = (): string =>
    rejectTrailingNewline(deps.secret(config.client_secret ?? ''), 'auth.client_secret').reveal()
  const plain = (authenticate: ClientAuth): ClientAuthentication => ({
    clientId,
    authenticate,
    send: (request) => request(),
  })
  switch (config.client_auth) {
    case 'basic':
      return { clientId, ...createBasicAuth(clientId, secret(), deps) }
    case 'post':
      return plain(ClientSecretPost(secret()))
    case 'none':
      return plain(None())
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth':
      return plain(TlsClientAuth())
    case 'private_key_jwt':
    case 'client_secret_jwt':
      return createJwtAuth(config, { clientId, deps })
  }
}

/** An assertion is used up by one request, so that a minute is plenty (RFC 7523 section 3 wants it short). */
const assertionLifetime = 60_000

/** RFC 7523 sections 2.2 and 3; each request carries an assertion of its own. */
function createJwtAuth(
  config: ClientAuthConfig,
  { clientId, deps }: { readonly clientId: string; readonly deps: AuthDeps },
): ClientAuthentication {
  const signing = readSigningKey(config, deps)
  const header = config.certificate && readThumbprints(deps.secret(config.certificate), 'auth.certificate')
  const clock = createEndpointClock(deps)
  return {
    clientId,
    authenticate: async (server, _client, body) => {
      const audience = config.assertion_audience ?? server.issuer
      const now = clock.now()
      const claims = { iss: clientId, sub: clientId, aud: audience }
      body.set('client_id', clientId)
      body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
      const assertion = { claims, now, lifetime: assertionLifetime, ...(header && { header }) }
      const signed = await signAssertion(signing, assertion)
      deps.redactor.addShortLived(new Secret(signed))
      body.set('client_assertion', signed)
    },
    send: (request) => clock.send(request),
  }
}

function readSigningKey({ client_auth: method, ...config }: ClientAuthConfig, deps: AuthDeps): SigningKey {
  const { private_key: key, client_secret: secret, algorithm } = config
  const keyId = config.key_id === undefined ? {} : { keyId: deps.secret(config.key_id).reveal() }
  if (method === 'private_key_jwt' && key) {
    const wanted = keyAlgorithms.find((known) => known === algorithm)
    return { ...readPrivateKey(deps.secret(key), { where: 'auth.private_key', algorithm: wanted }), ...keyId }
  }
  if (secret) {
    const wanted = secretAlgorithms.find((known) => known === algorithm)
    return { ...readSharedKey(rejectTrailingNewline(deps.secret(secret), 'auth.client_secret'), wanted), ...keyId }
  }
  throw new SyncError('INTERNAL', `client_auth ${method} without a key passed the check of the connector file.`)
}
