import { generateKeyPairSync } from 'node:crypto'
import { type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

export const rotatingClient = { client_id: 'renewer', client_secret: 'a-client-secret-of-some-length' } as const

export interface RotatingOptions {
  /** Whether each renewal brings another refresh token, and a second use of one revokes the whole family. */
  readonly rotate: boolean
  /** Of an access token, in seconds. */
  readonly lifetime?: number
}

/** oidc-provider on loopback, of which a person got a refresh token by other means. */
export interface RotatingOidc extends AsyncDisposable {
  readonly tokenUrl: string
  /** Renewals that succeeded. */
  readonly renewals: number
  /** The codes of requests that were refused. */
  readonly errors: readonly string[]
  giveRefreshToken(): Promise<string>
  /** Whether an access token is good. */
  knows(accessToken: string): Promise<boolean>
  /** Called when a token is used up and given, before a byte of the answer is sent. */
  beforeAnswer: () => void | Promise<void>
}

export async function startRotatingOidc({ rotate, lifetime = 3_600 }: RotatingOptions): Promise<RotatingOidc> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const provider = new Provider(issuer, {
    adapter: createAdapter(),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'test' }] },
    clients: [
      {
        ...rotatingClient,
        id_token_signed_response_alg: 'ES256',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['http://127.0.0.1/'],
      },
    ],
    scopes: ['openid', 'offline_access', 'read'],
    features: { devInteractions: { enabled: false } },
    findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
    rotateRefreshToken: rotate,
    ttl: { AccessToken: lifetime, RefreshToken: 86_400, Grant: 86_400, IdToken: 60 },
    clientBasedCORS: () => false,
  })
  const errors: string[] = []
  let renewals = 0
  provider.on('grant.success', () => void (renewals += 1))
  provider.on('grant.error', (_context, error) => void errors.push(String((error as { error?: unknown }).error)))
  const handle = provider.callback()
  server.on('request', (request, response) => {
    holdBack(response, () => oidc.beforeAnswer())
    handle(request, response)
  })
  const oidc: RotatingOidc = {
    tokenUrl: `${issuer}/token`,
    get renewals() {
      return renewals
    },
    errors,
    beforeAnswer: () => {},
    async giveRefreshToken() {
      const grant = new provider.Grant({ accountId: 'ann', clientId: rotatingClient.client_id })
      grant.addOIDCScope('openid offline_access read')
      const grantId = await grant.save()
      const client = await provider.Client.find(rotatingClient.client_id)
      const scope = 'offline_access read'
      const gty = 'authorization_code'
      return new provider.RefreshToken({ accountId: 'ann', client, grantId, gty, scope }).save()
    },
    knows: async (accessToken) => (await provider.AccessToken.find(accessToken)) !== undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return oidc
}

/** Lets `before` come to its end between the work of the provider and its answer. */
function holdBack(response: ServerResponse, before: () => void | Promise<void>): void {
  const end = response.end.bind(response) as (...parts: unknown[]) => ServerResponse
  const later = (...parts: unknown[]): ServerResponse => {
    Promise.resolve(before()).then(
      () => end(...parts),
      (error: Error) => response.destroy(error),
    )
    return response
  }
  response.end = later as typeof response.end
}

/** With what rotation needs: tokens that are marked as used, and families of them that are revoked. */
function createAdapter(): (model: string) => object {
  const saved = new Map<string, Record<string, unknown>>()
  return (model) => ({
    upsert: async (id: string, payload: object) => void saved.set(`${model}:${id}`, { ...payload }),
    find: async (id: string) => saved.get(`${model}:${id}`),
    destroy: async (id: string) => void saved.delete(`${model}:${id}`),
    consume: async (id: string) => void Object.assign(saved.get(`${model}:${id}`) ?? {}, { consumed: 1 }),
    revokeByGrantId: async (grantId: string) => {
      for (const [key, payload] of saved) if (payload['grantId'] === grantId) saved.delete(key)
    },
  })
}
