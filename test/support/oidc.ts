import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import Provider from 'oidc-provider'

export interface OidcClient {
  readonly client_id: string
  /** Absent for `none`. */
  readonly client_secret?: string
  readonly token_endpoint_auth_method?:
    | 'client_secret_basic'
    | 'client_secret_post'
    | 'client_secret_jwt'
    | 'private_key_jwt'
    | 'tls_client_auth'
    | 'self_signed_tls_client_auth'
    | 'none'
  readonly token_endpoint_auth_signing_alg?: string
  readonly tls_client_auth_subject_dn?: string
  /** Public keys, for `private_key_jwt` and `self_signed_tls_client_auth`. */
  readonly jwks?: { readonly keys: readonly object[] }
  readonly scope?: string
}

export interface OidcOptions {
  readonly clients: readonly OidcClient[]
  readonly scopes?: readonly string[]
  /** APIs that a token may be asked for (RFC 8707), as absolute URIs. */
  readonly resources?: readonly string[]
  /** Of a token, in seconds. */
  readonly lifetime?: number
  /** Serves https and asks each client for a certificate, which one of `ca` has to vouch for. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: readonly string[] }
}

/** What the server knows of a token that it gave. */
export interface GivenToken {
  readonly clientId: string
  readonly scope?: string
  readonly aud?: string | readonly string[]
}

export interface OidcServer extends AsyncDisposable {
  readonly tokenUrl: string
  /** Token requests so far. */
  readonly requests: number
  find(token: string): Promise<GivenToken | undefined>
}

/** oidc-provider on loopback, as an authorization server for the client credentials grant. */
export async function startOidc(options: OidcOptions): Promise<OidcServer> {
  const { tls } = options
  const server = tls ? createSecureServer({ ...tls, ca: [...tls.ca], requestCert: true }) : createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, configure(options))
  const handle = provider.callback()
  let requests = 0
  server.on('request', (request, response) => {
    requests += 1
    handle(request, response)
  })
  return {
    tokenUrl: `${issuer}/token`,
    get requests() {
      return requests
    },
    find: (token) => provider.ClientCredentials.find(token),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function configure({
  clients,
  scopes = [],
  resources = [],
  lifetime = 600,
  tls,
}: OidcOptions): Record<string, unknown> {
  return {
    adapter: createMemoryAdapter(),
    jwks: { keys: [createSigningKey()] },
    clients: clients.map((client) => ({
      id_token_signed_response_alg: 'ES256',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      ...client,
    })),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      ...(tls && { mTLS }),
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context: unknown, uri: string) => {
          if (!resources.includes(uri)) throw Object.assign(new Error('invalid_target'), unknownResource)
          return { scope: scopes.join(' '), accessTokenFormat: 'opaque' }
        },
      },
    },
    scopes: [...scopes],
    ttl: { ClientCredentials: lifetime },
    clientBasedCORS: () => false,
    clientAuthMethods: [
      'client_secret_basic',
      'client_secret_post',
      'client_secret_jwt',
      'private_key_jwt',
      'none',
      ...(tls ? ['tls_client_auth', 'self_signed_tls_client_auth'] : []),
    ],
    enabledJWA: { clientAuthSigningAlgValues: assertionAlgorithms },
  }
}

const assertionAlgorithms = ['HS', 'RS', 'PS', 'ES']
  .flatMap((family) => ['256', '384', '512'].map((bits) => `${family}${bits}`))
  .concat('EdDSA', 'Ed25519')

interface SecureContext {
  readonly req: { readonly socket: TLSSocket }
}

/** RFC 8705, by the certificate of the connection itself. */
const mTLS = {
  enabled: true,
  tlsClientAuth: true,
  selfSignedTlsClientAuth: true,
  getCertificate: ({ req }: SecureContext) => req.socket.getPeerX509Certificate()?.toString(),
  certificateAuthorized: ({ req }: SecureContext) => req.socket.authorized,
  certificateSubjectMatches: ({ req }: SecureContext, property: string, expected: string) =>
    property === 'tls_client_auth_subject_dn' && req.socket.getPeerX509Certificate()?.subject === expected,
}

/** Of no use to opaque tokens, but the provider insists on one. */
function createSigningKey(): object {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'test' }
}

/** The shape of the provider's own errors, which it does not export for each kind. */
const unknownResource = {
  status: 400,
  statusCode: 400,
  expose: true,
  error: 'invalid_target',
  error_description: 'resource indicator is unknown',
}

interface Stored {
  readonly uid?: string
  readonly userCode?: string
  readonly grantId?: string
  readonly consumed?: number
}

/** The provider's own store is for quick starts, and says so on the console. */
export function createMemoryAdapter(): (model: string) => object {
  const saved = new Map<string, Stored>()
  const findBy = (model: string, key: keyof Stored, value: unknown): Stored | undefined =>
    [...saved].find(([id, entry]) => id.startsWith(`${model}:`) && entry[key] === value)?.[1]
  return (model) => ({
    upsert: async (id: string, payload: Stored) => void saved.set(`${model}:${id}`, payload),
    find: async (id: string) => saved.get(`${model}:${id}`),
    findByUid: async (uid: string) => findBy(model, 'uid', uid),
    findByUserCode: async (code: string) => findBy(model, 'userCode', code),
    destroy: async (id: string) => void saved.delete(`${model}:${id}`),
    async consume(id: string) {
      const entry = saved.get(`${model}:${id}`)
      if (entry) saved.set(`${model}:${id}`, { ...entry, consumed: Math.floor(Date.now() / 1000) })
    },
    async revokeByGrantId(grantId: string) {
      for (const [id, entry] of saved) if (entry.grantId === grantId) saved.delete(id)
    },
  })
}
