import { generateKeyPairSync } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'
import { createMemoryAdapter } from './oidc.ts'

export const consentClient = { client_id: 'headrace-test', client_secret: 'a-client-secret-of-some-length' } as const

export interface ConsentOptions {
  /** Of an access token, in seconds. */
  readonly lifetime?: number
  /** Of a device code, in seconds. */
  readonly deviceLifetime?: number
  /** The scopes that the person grants, no matter what is asked for; all of them where absent. */
  readonly grants?: readonly string[]
  readonly redirectUris?: readonly string[]
  /** `web` takes https only and just what is registered; `native` (the default) any port of a loopback address. */
  readonly kind?: 'web' | 'native'
  /** Whether each renewal brings another refresh token and a second use of one revokes them all. */
  readonly rotate?: boolean
}

/** oidc-provider on loopback with people: a login page, a consent page, PKCE required, device codes, rows behind tokens. */
export interface ConsentServer extends AsyncDisposable {
  readonly issuer: string
  /** `METHOD path` of everything it was asked, without queries. */
  readonly requests: readonly string[]
  /** Bodies of the requests to the token endpoint. */
  readonly tokenRequests: readonly URLSearchParams[]
  /** The access token of each request for rows. */
  readonly tokensSeen: readonly string[]
}

const scopes = ['openid', 'offline_access', 'read', 'write']

export async function startConsentServer(options: ConsentOptions = {}): Promise<ConsentServer> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, configure(options))
  const requests: string[] = []
  const tokenRequests: URLSearchParams[] = []
  const tokensSeen: string[] = []
  const keep = (context: unknown): void => {
    const { oidc } = context as { oidc: { params: Record<string, string | undefined> } }
    const pairs = Object.entries(oidc.params).filter((pair): pair is [string, string] => pair[1] !== undefined)
    tokenRequests.push(new URLSearchParams(pairs))
  }
  provider.on('grant.success', keep)
  provider.on('grant.error', keep)
  const handle = provider.callback()

  async function serveRows(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
    tokensSeen.push(token)
    const found = await provider.AccessToken.find(token)
    if (!found) return void response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"expired"}')
    const rows = { data: [{ id: 1, who: found.accountId }] }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(rows))
  }

  server.on('request', (request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    requests.push(`${request.method} ${path}`)
    const failed = (error: Error): void => void response.writeHead(500).end(`the test server failed: ${error.stack}`)
    if (path === '/rows') serveRows(request, response).catch(failed)
    else if (path.startsWith('/interaction/')) interact(provider, { request, response, options }).catch(failed)
    else handle(request, response)
  })
  return {
    issuer,
    requests,
    tokenRequests,
    tokensSeen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function configure({
  lifetime = 600,
  deviceLifetime = 300,
  redirectUris,
  kind = 'native',
  rotate = true,
}: ConsentOptions): Record<string, unknown> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    adapter: createMemoryAdapter(),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'test' }] },
    clients: [
      {
        ...consentClient,
        application_type: kind,
        id_token_signed_response_alg: 'ES256',
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
        redirect_uris: redirectUris ?? ['http://127.0.0.1/callback'],
      },
    ],
    scopes,
    cookies: { keys: ['a-cookie-key'] },
    features: { devInteractions: { enabled: false }, deviceFlow: { enabled: true, ...plainPages } },
    renderError: (context: Page, { error }: { error: string }) => void (context.body = `<title>error</title>${error}`),
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
    issueRefreshToken: () => true,
    rotateRefreshToken: rotate,
    pkce: { required: () => true },
    ttl: {
      AccessToken: lifetime,
      DeviceCode: deviceLifetime,
      Grant: 3600,
      Session: 3600,
      Interaction: 600,
      RefreshToken: 3600,
      IdToken: 3600,
    },
    clientBasedCORS: () => false,
  }
}

interface Page {
  body: string
}

/** The provider's own pages are for quick starts, and say so on the console. */
const plainPages = {
  userCodeInputSource: (context: Page, form: string) => void (context.body = `<title>code</title>${form}`),
  userCodeConfirmSource: (context: Page, form: string) => void (context.body = `<title>confirm</title>${form}`),
  successSource: (context: Page) => void (context.body = '<title>done</title>'),
}

interface Turn {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly options: ConsentOptions
}

async function interact(provider: Provider, { request, response, options }: Turn): Promise<void> {
  const { uid, prompt, params, session } = await provider.interactionDetails(request, response)
  if (request.method === 'GET') return showForm(response, uid, prompt.name)
  const form = await readForm(request)
  if (form.has('deny')) {
    const refusal = { error: 'access_denied', error_description: 'the person said no' }
    return provider.interactionFinished(request, response, refusal)
  }
  if (prompt.name === 'login')
    return provider.interactionFinished(request, response, { login: { accountId: form.get('login') ?? '' } })
  const grant = new provider.Grant({ accountId: session?.accountId ?? '', clientId: params['client_id'] ?? '' })
  const asked = (params['scope'] ?? '').split(' ')
  const granted = asked.filter((scope) => options.grants?.includes(scope) ?? true)
  grant.addOIDCScope(granted.join(' '))
  grant.rejectOIDCScope(asked.filter((scope) => !granted.includes(scope)).join(' '))
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } })
}

function showForm(response: ServerResponse, uid: string, prompt: string): void {
  const field = prompt === 'login' ? '<input name="login" aria-label="User">' : ''
  const buttons = `<button type="submit">Continue</button><button type="submit" name="deny" value="1">Deny</button>`
  response
    .writeHead(200, { 'content-type': 'text/html' })
    .end(`<title>${prompt}</title><form method="post" action="/interaction/${uid}">${field}${buttons}</form>`)
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return new URLSearchParams(Buffer.concat(chunks).toString())
}
