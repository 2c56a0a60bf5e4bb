import {
  ClientSecretPost,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  customFetch,
  processAuthorizationCodeResponse,
  validateAuthResponse,
} from 'oauth4webapi'
import { z } from 'zod'
import { isLoopback } from '../../syntax/loopback.ts'
import { type AllowList, foldName } from '../allow-list.ts'
import { unknownCaller } from '../caller.ts'
import type { GithubConfig } from './config.ts'
import { type Identity, type ProviderDeps, type SignInProvider, toSignInError } from './provider.ts'

type Call = Omit<RequestInit, 'headers'> & { readonly headers: Readonly<Record<string, string>> }

const user = z.object({ login: z.string().min(1) })
const membership = z.object({ state: z.string() })
const emails = z.array(z.object({ email: z.string(), verified: z.boolean() }))

/**
 * GitHub's OAuth apps: the authorization code grant with PKCE, then its REST API, as there is no ID token (GitHub Docs,
 * "Authorizing OAuth apps"). Only what the allow-list asks about is asked.
 */
export function createGithub({ web, api }: GithubConfig, allow: AllowList, deps: ProviderDeps): SignInProvider {
  const server = {
    issuer: `${web}/login/oauth`,
    authorization_endpoint: `${web}/login/oauth/authorize`,
    token_endpoint: `${web}/login/oauth/access_token`,
  }
  const client = { client_id: deps.clientId }
  const options = { [customFetch]: deps.fetch, [allowInsecureRequests]: isLoopback(web), signal: deps.signal }
  const names = [...allow.keys()]
  const organisations = names.flatMap((name) => /^github-org:(.+)$/.exec(name)?.[1] ?? [])
  const asksEmails = names.some((name) => name.includes('@'))
  const scope = [...(organisations.length > 0 ? ['read:org'] : []), ...(asksEmails ? ['user:email'] : [])].join(' ')

  function call(path: string, init: Call): Promise<Response> {
    const headers = { accept: 'application/vnd.github+json', 'user-agent': 'headrace', ...init.headers }
    return deps.fetch(`${api}${path}`, { ...init, headers, signal: deps.signal })
  }

  async function get<Schema extends z.ZodType>(path: string, token: string, schema: Schema) {
    const response = await call(path, { headers: { authorization: `Bearer ${token}` } })
    if (!response.ok) return undefined
    return schema.parse(await response.json()) as z.output<Schema>
  }

  async function identify(token: string): Promise<Identity> {
    const who = await get('/user', token, user)
    if (!who) throw unknownCaller('GitHub does not know this access token: fetch another one.')
    const member = await Promise.all(
      organisations.map(async (name) => {
        const path = `/user/memberships/orgs/${encodeURIComponent(name)}`
        const found = await get(path, token, membership)
        return found?.state === 'active' ? [`github-org:${name}`] : []
      }),
    )
    const addresses = asksEmails ? ((await get('/user/emails', token, emails)) ?? []) : []
    const verified = addresses.flatMap(({ email, verified: is }) => (is ? [foldName(email)] : []))
    const domains = verified.map((email) => email.slice(email.lastIndexOf('@')))
    return {
      name: who.login,
      aliases: [`github:${foldName(who.login)}`, ...member.flat(), ...verified, ...domains],
    }
  }

  /** GitHub tells an application's own tokens from others' ("Check a token" of its REST API). */
  async function checkClient(token: string): Promise<void> {
    const basic = Buffer.from(`${deps.clientId}:${await deps.clientSecret()}`).toString('base64')
    const response = await call(`/applications/${encodeURIComponent(deps.clientId)}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/json' },
      body: JSON.stringify({ access_token: token }),
    })
    if (!response.ok) throw unknownCaller('GitHub did not give this access token to this application.')
  }

  return {
    async begin({ state, verifier, redirectUri }) {
      const url = new URL(server.authorization_endpoint)
      const parameters = {
        client_id: deps.clientId,
        redirect_uri: redirectUri,
        scope,
        state,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
      return url
    },
    async finish(back, { state, verifier, redirectUri }) {
      try {
        const callback = validateAuthResponse(server, client, back, state)
        const secret = ClientSecretPost(await deps.clientSecret())
        const response = await authorizationCodeGrantRequest(
          server,
          client,
          secret,
          callback,
          redirectUri,
          verifier,
          options,
        )
        // GitHub refuses with status 200 and the words of RFC 6749 section 5.2.
        const said = (await response.clone().json()) as { readonly error?: unknown }
        if (typeof said.error === 'string') throw toSignInError(said)
        const { access_token: token } = await processAuthorizationCodeResponse(server, client, response)
        return await identify(token)
      } catch (thrown) {
        throw toSignInError(thrown)
      }
    },
    async checkToken(token) {
      try {
        await checkClient(token)
        return await identify(token)
      } catch (thrown) {
        throw toSignInError(thrown)
      }
    },
  }
}
