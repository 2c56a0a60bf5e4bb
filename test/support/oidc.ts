import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

export interface OidcClient {
  readonly client_id: string
  /** Absent for `none`. */
  readonly client_secret?: string
  readonly token_endpoint_auth_method?: 'client_secret_basic' | 'client_secret_post' | 'none'
  readonly scope?: string
}

export interface OidcOptions {
  readonly clients: readonly OidcClient[]
  readonly scopes?: readonly string[]
  /** APIs that a token may be asked for (RFC 8707), as absolute URIs. */
  readonly resources?: readonly string[]
  /** Of a token, in seconds. */
  readonly lifetime?: number
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
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
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

function configure({ clients, scopes = [], resources = [], lifetime = 600 }: OidcOptions): Record<string, unknown> {
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
  }
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

/** The provider's own store is for quick starts, and says so on the console. */
function createMemoryAdapter(): (model: string) => object {
  const saved = new Map<string, object>()
  return (model) => ({
    upsert: async (id: string, payload: object) => void saved.set(`${model}:${id}`, payload),
    find: async (id: string) => saved.get(`${model}:${id}`),
    destroy: async (id: string) => void saved.delete(`${model}:${id}`),
  })
}
