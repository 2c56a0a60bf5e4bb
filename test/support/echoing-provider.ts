import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { respell } from './leaks.ts'
import { makeRows } from './provider.ts'

/** How the provider behaves: each way but `well` fails, and all of them repeat every credential they have seen. */
export const behaviours = [
  'well',
  'refuses with 401',
  'refuses with 403',
  'answers HTML',
  'links elsewhere',
  'redirects elsewhere',
  'redirects to itself',
  'refuses the sign-in',
  'answers the sign-in with HTML',
  'redirects the sign-in',
] as const
export type Behaviour = (typeof behaviours)[number]

/** An API at `/rows` and a sign-in at `/token` on one loopback server, as careless with credentials as can be. */
export interface EchoingProvider extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly string[]
  /** Every token given out, and every assertion that came in. */
  readonly tokens: readonly string[]
  /** From now on; `known` is what it has been told elsewhere, and repeats too, as it does the tokens that it gives from now on. */
  behave(behaviour: Behaviour, known?: readonly string[]): void
}

export interface EchoingOptions {
  /** Answers a request without an Authorization header with a challenge of digest authentication. */
  readonly digest?: boolean
  /** Gives a new refresh token with each access token. */
  readonly refreshes?: boolean
}

export async function startEchoingProvider({
  digest = false,
  refreshes = false,
}: EchoingOptions = {}): Promise<EchoingProvider> {
  let behaviour: Behaviour = 'well'
  let known: readonly string[] = []
  const requests: string[] = []
  let count = 0
  let given = 0
  const tokens: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => answer({ request, response, body: Buffer.concat(chunks).toString() }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  function answer(exchange: Exchange): void {
    const { request, response } = exchange
    requests.push(`${request.method} ${request.url}`)
    const all = spellAll(exchange, [...known, ...tokens.slice(given)])
    // One after the other, as long words are cut off where they are shown.
    const echo = `you sent ${all[count++ % all.length] ?? 'nothing'}`
    // What HTTP cannot carry as it is, it carries encoded.
    const header = encodeURIComponent(all.join(' ')).slice(0, 6_000)
    response.setHeader('x-echo', header)
    response.setHeader('set-cookie', `seen=${header}; Path=/`)
    if (request.url?.startsWith('/token')) signIn(exchange, echo)
    else if (digest && !request.headers.authorization)
      send(
        response,
        401,
        { 'www-authenticate': 'Digest realm="acme", nonce="n0", qop="auth", algorithm=SHA-256' },
        echo,
      )
    else listRows(exchange, echo)
  }

  function signIn({ request, response, body }: Exchange, echo: string): void {
    const assertion = new URLSearchParams(body).get('assertion') ?? new URLSearchParams(body).get('client_assertion')
    if (assertion) tokens.push(assertion)
    if (behaviour === 'refuses the sign-in')
      return json(response, 400, { error: 'invalid_client', error_description: echo, message: echo })
    if (behaviour === 'answers the sign-in with HTML') return html(response, echo)
    if (behaviour === 'redirects the sign-in' && !request.url?.includes('again'))
      return redirect(response, `http://localhost:1/token?again=${encodeURIComponent(echo)}`)
    const made = `canaryToken${tokens.length}-8Vb2.Hq_51xZ~pWs`
    const refresh = `canaryRefresh${tokens.length}-7Kd4.Jw_62yA~qXt`
    tokens.push(made, ...(refreshes ? [refresh] : []))
    json(response, 200, {
      access_token: made,
      token_type: 'Bearer',
      expires_in: 3600,
      data: { token: made },
      ...(refreshes && { refresh_token: refresh }),
    })
  }

  function listRows({ request, response }: Exchange, echo: string): void {
    const target = new URL(request.url ?? '/', url)
    const page = Number(target.searchParams.get('page') ?? 1)
    const data = makeRows(10, (page - 1) * 10)
    switch (behaviour) {
      case 'refuses with 401':
        return json(response, 401, { error: { message: echo }, message: echo, detail: [echo] })
      case 'refuses with 403':
        return json(response, 403, { errors: [{ code: 'forbidden', message: echo }] })
      case 'answers HTML':
        return html(response, echo)
      case 'links elsewhere':
        return json(response, 200, { data, next: `http://localhost:1/rows?echo=${encodeURIComponent(echo)}` })
      case 'redirects elsewhere':
        return redirect(response, `http://localhost:1/rows?echo=${encodeURIComponent(echo)}`)
      case 'redirects to itself':
        return redirect(response, request.url ?? '/')
      case 'well':
      case 'refuses the sign-in':
      case 'answers the sign-in with HTML':
      case 'redirects the sign-in': {
        target.searchParams.set('page', String(page + 1))
        json(response, 200, { data, ...(page < 4 && { next: target.href }) })
      }
    }
  }

  return {
    url,
    tokens,
    requests,
    behave(next, told = []) {
      behaviour = next
      known = told
      given = tokens.length
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: string
}

/** What the request held and every known credential, in each spelling that an API might choose. */
function spellAll({ request, body }: Exchange, known: readonly string[]): readonly string[] {
  const { authorization = '', cookie = '' } = request.headers
  const decoded = Buffer.from(authorization.replace(/^\S+ /, ''), 'base64').toString()
  const spelled = known.flatMap((secret) => [
    ...respell(secret),
    secret.toUpperCase(),
    secret.slice(0, 12),
    secret.slice(-12),
  ])
  const whole = [authorization, decoded, cookie, request.url ?? '', JSON.stringify(request.headers), body]
  return [...spelled, ...whole].filter((text) => text !== '')
}

function json(response: ServerResponse, status: number, body: object): void {
  send(response, status, { 'content-type': 'application/json' }, JSON.stringify(body))
}

function html(response: ServerResponse, echo: string): void {
  send(response, 200, { 'content-type': 'text/html' }, `<!doctype html><title>Sign in</title><p>${echo}</p>`)
}

function redirect(response: ServerResponse, location: string): void {
  send(response, 302, { location }, '')
}

function send(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, body: string): void {
  response.writeHead(status, headers).end(body)
}
