import { generateKeyPairSync } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

export const signInClient = { client_id: 'headrace', client_secret: 'the-client-secret-of-headrace' } as const
export const otherClient = { client_id: 'other', client_secret: 'the-client-secret-of-another' } as const

/** What the provider says of an account beside its e-mail, which is the account's name. */
export type Account = Readonly<{ email_verified?: boolean; hd?: string; email?: string | undefined }>

/** oidc-provider on loopback with people who sign in by typing their e-mail; claims come from the userinfo endpoint. */
export interface PeopleProvider extends AsyncDisposable {
  readonly issuer: string
  /** `METHOD path` of everything it was asked, without queries. */
  readonly requests: readonly string[]
  /** Answers 503 from now on. */
  fail(failing: boolean): void
  /** Answers no introspection until the function returned is called. */
  holdIntrospection(): () => void
}

/** `redirectUris` are those of both clients. */
export async function startPeopleProvider(
  redirectUris: readonly string[],
  accounts: Readonly<Record<string, Account>> = {},
): Promise<PeopleProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, configure(redirectUris, accounts))
  const handle = provider.callback()
  const requests: string[] = []
  let failing = false
  let held = Promise.resolve()
  server.on('request', (request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    requests.push(`${request.method} ${path}`)
    if (failing) return void response.writeHead(503).end()
    if (path === '/token/introspection') return void held.then(() => handle(request, response))
    if (!path.startsWith('/interaction/')) return handle(request, response)
    interact(provider, request, response).catch((error: Error) => response.destroy(error))
  })
  return {
    issuer,
    requests,
    fail: (value) => void (failing = value),
    holdIntrospection() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function configure(
  redirectUris: readonly string[],
  accounts: Readonly<Record<string, Account>>,
): Record<string, unknown> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    adapter: createAdapter(),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'test' }] },
    clients: [signInClient, otherClient].map((client) => ({
      ...client,
      application_type: 'native',
      id_token_signed_response_alg: 'ES256',
      redirect_uris: redirectUris,
    })),
    cookies: { keys: ['a-cookie-key'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified', 'hd'], profile: ['name'] },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
    },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, email: id, email_verified: true, ...accounts[id] }),
    }),
    loadExistingGrant: async (context: unknown) => {
      const { oidc } = context as GrantContext
      const grant = new oidc.provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
    pkce: { required: () => true },
    ttl: { AccessToken: 600, Grant: 3600, Session: 3600, Interaction: 600, IdToken: 600 },
    clientBasedCORS: () => false,
  }
}

interface GrantContext {
  readonly oidc: {
    readonly provider: Provider
    readonly session: { readonly accountId: string }
    readonly client: { readonly clientId: string }
  }
}

async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { uid, prompt } = await provider.interactionDetails(request, response)
  // Of applications on a person's machine it wants a consent each time, no matter what was granted before.
  if (prompt.name === 'consent') return provider.interactionFinished(request, response, { consent: {} })
  if (request.method === 'GET') {
    const field = '<label>E-mail <input name="email"></label>'
    const buttons = '<button>Continue</button><button name="deny" value="1">Deny</button>'
    const html = `<title>Sign in</title><form method="post" action="/interaction/${uid}">${field}${buttons}</form>`
    return void response.writeHead(200, { 'content-type': 'text/html' }).end(html)
  }
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const form = new URLSearchParams(Buffer.concat(chunks).toString())
  const result = form.has('deny')
    ? { error: 'access_denied', error_description: 'the person said no' }
    : { login: { accountId: form.get('email') ?? '' } }
  await provider.interactionFinished(request, response, result)
}

type Payload = Record<string, unknown> & { readonly uid?: string; readonly grantId?: string }

/** What the provider keeps, for as long as the test lasts; its own store is for quick starts, and says so on the console. */
function createAdapter(): (model: string) => object {
  const saved = new Map<string, Payload>()
  return (model) => ({
    upsert: async (id: string, payload: Payload) => void saved.set(`${model}:${id}`, payload),
    find: async (id: string) => saved.get(`${model}:${id}`),
    findByUid: async (uid: string) =>
      [...saved].find(([key, payload]) => key.startsWith(`${model}:`) && payload.uid === uid)?.[1],
    consume: async (id: string) => void Object.assign(saved.get(`${model}:${id}`) ?? {}, { consumed: true }),
    destroy: async (id: string) => void saved.delete(`${model}:${id}`),
    revokeByGrantId: async (grantId: string) => {
      for (const [key, payload] of saved) if (payload.grantId === grantId) saved.delete(key)
    },
  })
}
