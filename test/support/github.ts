import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { signInClient } from './people-provider.ts'

export interface GithubUser {
  readonly login: string
  /** Name and state of each membership: `active` or `pending`. */
  readonly organisations?: Readonly<Record<string, string>>
  readonly emails?: readonly { readonly email: string; readonly verified: boolean }[]
}

/** A server that behaves as GitHub's OAuth and the few parts of its REST API that sign-in needs. */
export interface Github extends AsyncDisposable {
  readonly url: string
  /** `METHOD path` of everything it was asked, without queries. */
  readonly requests: readonly string[]
  /** The scopes of the last authorization. */
  readonly scope: string
  /** Who sits at the browser. */
  signInAs(user: GithubUser): void
  /** A token as another application gets it, or this one. */
  giveToken(user: GithubUser, client?: string): string
}

interface Code {
  readonly user: GithubUser
  readonly challenge: string
  readonly redirectUri: string
}

export async function startGithub(): Promise<Github> {
  const codes = new Map<string, Code>()
  const tokens = new Map<string, { readonly user: GithubUser; readonly client: string }>()
  const requests: string[] = []
  let scope = ''
  let person: GithubUser = { login: 'ann' }

  const giveToken = (user: GithubUser, client: string = signInClient.client_id): string => {
    const token = `gho_${randomBytes(18).toString('hex')}`
    tokens.set(token, { user, client })
    return token
  }

  /** GitHub answers 200 with an error in the body. */
  function exchange(form: URLSearchParams): object {
    const code = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const { client_id: id, client_secret: secret } = signInClient
    if (form.get('client_id') !== id || form.get('client_secret') !== secret)
      return { error: 'incorrect_client_credentials' }
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (!code || code.challenge !== challenge || code.redirectUri !== form.get('redirect_uri'))
      return { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' }
    return { access_token: giveToken(code.user), token_type: 'bearer', scope }
  }

  async function answer(request: IncomingMessage): Promise<{ status: number; body?: unknown; location?: string }> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    requests.push(`${request.method} ${url.pathname}`)
    const query = url.searchParams
    if (url.pathname === '/login/oauth/authorize') {
      const code = randomBytes(10).toString('hex')
      const redirectUri = query.get('redirect_uri') ?? ''
      codes.set(code, { user: person, challenge: query.get('code_challenge') ?? '', redirectUri })
      scope = query.get('scope') ?? ''
      const back = new URLSearchParams({ code, state: query.get('state') ?? '' })
      return { status: 302, location: `${redirectUri}?${back.toString()}` }
    }
    if (url.pathname === '/login/oauth/access_token')
      return { status: 200, body: exchange(new URLSearchParams(await readText(request))) }
    if (url.pathname === `/applications/${signInClient.client_id}/token`) {
      const { access_token: token } = JSON.parse(await readText(request)) as { access_token: string }
      const basic = Buffer.from(`${signInClient.client_id}:${signInClient.client_secret}`).toString('base64')
      if (request.headers.authorization !== `Basic ${basic}`) return { status: 401, body: {} }
      return tokens.get(token)?.client === signInClient.client_id
        ? { status: 200, body: {} }
        : { status: 404, body: {} }
    }
    const user = tokens.get(request.headers.authorization?.replace(/^Bearer /, '') ?? '')?.user
    if (!user) return { status: 401, body: { message: 'Bad credentials' } }
    const organisation = /^\/user\/memberships\/orgs\/(.+)$/.exec(url.pathname)?.[1]
    if (organisation !== undefined) {
      const state = user.organisations?.[organisation]
      return state === undefined ? { status: 404, body: {} } : { status: 200, body: { state } }
    }
    if (url.pathname === '/user') return { status: 200, body: { login: user.login, id: 1 } }
    if (url.pathname === '/user/emails') return { status: 200, body: user.emails ?? [] }
    return { status: 404, body: { message: 'Not Found' } }
  }

  const server = createServer((request, response) => {
    answer(request).then(
      ({ status, body, location }) =>
        response
          .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...(location && { location }) })
          .end(body === undefined ? '' : JSON.stringify(body)),
      (error: Error) => response.destroy(error),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get scope() {
      return scope
    },
    signInAs: (user) => void (person = user),
    giveToken,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
