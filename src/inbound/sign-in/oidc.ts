import {
  type AuthorizationServer,
  ClientSecretBasic,
  ClientSecretPost,
  type CustomFetchOptions,
  type UserInfoResponse,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  customFetch,
  discoveryRequest,
  getValidatedIdTokenClaims,
  introspectionRequest,
  processAuthorizationCodeResponse,
  processDiscoveryResponse,
  processIntrospectionResponse,
  processUserInfoResponse,
  skipSubjectCheck,
  userInfoRequest,
  validateAuthResponse,
} from 'oauth4webapi'
import { isLoopback } from '../../syntax/loopback.ts'
import { foldName } from '../allow-list.ts'
import { unknownCaller } from '../caller.ts'
import { type Identity, type ProviderDeps, type SignInProvider, toSignInError } from './provider.ts'

const googleIssuer = 'https://accounts.google.com'
const googleTokenInfo = 'https://oauth2.googleapis.com/tokeninfo'

type Claims = Partial<UserInfoResponse>

/** OpenID Connect Core 1.0: the authorization code flow with PKCE, `state` and `nonce`. */
export function createOidc(issuer: string, deps: ProviderDeps): SignInProvider {
  const client = { client_id: deps.clientId }
  const options = { [customFetch]: deps.fetch, [allowInsecureRequests]: isLoopback(issuer), signal: deps.signal }
  const asking = {
    ...options,
    [customFetch]: (url: string, { method, headers, signal }: CustomFetchOptions<'GET', undefined>) =>
      deps.fetch(url, { method, headers, signal: signal ?? null }),
  }
  let found: Promise<AuthorizationServer> | undefined

  /** What the issuer says of itself (OpenID Connect Discovery 1.0); asked again where it could not be had. */
  async function discover(): Promise<AuthorizationServer> {
    found ??= discoveryRequest(new URL(issuer), asking).then((response) =>
      processDiscoveryResponse(new URL(issuer), response),
    )
    try {
      return await found
    } catch (thrown) {
      found = undefined
      throw thrown
    }
  }

  async function authenticate({ token_endpoint_auth_methods_supported: methods }: AuthorizationServer) {
    const secret = await deps.clientSecret()
    return methods && !methods.includes('client_secret_basic') ? ClientSecretPost(secret) : ClientSecretBasic(secret)
  }

  async function askUserInfo(server: AuthorizationServer, token: string, subject?: string): Promise<Claims> {
    const response = await userInfoRequest(server, client, token, asking)
    if (response.status === 401 || response.status === 403)
      throw unknownCaller('The provider does not know this access token: fetch another one.')
    return processUserInfoResponse(server, client, subject ?? skipSubjectCheck, response)
  }

  /** Without this, any application that somebody has signed in to could come here in his name. */
  async function checkClient(server: AuthorizationServer, token: string): Promise<void> {
    const owners = await askOwners(server, token)
    if (owners === undefined) throw unknownCaller('The access token has expired, or was never given.')
    if (!owners.includes(deps.clientId)) throw unknownCaller('The access token was given to another application.')
  }

  /** To whom the token was given (RFC 7662; Google has an end point of its own); undefined for a token that is not valid. */
  async function askOwners(server: AuthorizationServer, token: string): Promise<readonly unknown[] | undefined> {
    if (server.introspection_endpoint !== undefined) {
      const response = await introspectionRequest(server, client, await authenticate(server), token, options)
      const { active, client_id: owner, aud } = await processIntrospectionResponse(server, client, response)
      return active ? [owner, aud].flat() : undefined
    }
    if (issuer !== googleIssuer)
      throw unknownCaller('This provider does not say to whom it gave an access token: sign in.')
    const body = new URLSearchParams({ access_token: token })
    const response = await deps.fetch(googleTokenInfo, { method: 'POST', body, signal: deps.signal })
    if (!response.ok) return undefined
    const { aud, azp } = (await response.json()) as { readonly aud?: unknown; readonly azp?: unknown }
    return [aud, azp]
  }

  return {
    async begin({ state, nonce, verifier, redirectUri }) {
      const { authorization_endpoint: endpoint } = await discover().catch(rethrow)
      if (endpoint === undefined) throw unknownCaller('The provider has no authorization endpoint.')
      const url = new URL(endpoint)
      const parameters = {
        response_type: 'code',
        client_id: deps.clientId,
        redirect_uri: redirectUri,
        scope: 'openid email profile',
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
      return url
    },
    async finish(back, { state, nonce, verifier, redirectUri }) {
      try {
        const server = await discover()
        const callback = validateAuthResponse(server, client, back, state)
        const response = await authorizationCodeGrantRequest(
          server,
          client,
          await authenticate(server),
          callback,
          redirectUri,
          verifier,
          options,
        )
        const rules = { expectedNonce: nonce, requireIdToken: true }
        const tokens = await processAuthorizationCodeResponse(server, client, response, rules)
        const claims = getValidatedIdTokenClaims(tokens)
        if (!claims) throw unknownCaller('The provider has sent no identity.')
        // Many providers put the e-mail there only.
        const more =
          claims['email'] === undefined && server.userinfo_endpoint !== undefined
            ? await askUserInfo(server, tokens.access_token, claims.sub)
            : {}
        return toIdentity({ ...more, ...claims }, issuer)
      } catch (thrown) {
        return rethrow(thrown)
      }
    },
    async checkToken(token) {
      try {
        const server = await discover()
        await checkClient(server, token)
        return toIdentity(await askUserInfo(server, token), issuer)
      } catch (thrown) {
        return rethrow(thrown)
      }
    },
  }
}

function rethrow(thrown: unknown): never {
  throw toSignInError(thrown)
}

/** Throws `CALLER_UNKNOWN` where no e-mail is vouched for. */
export function toIdentity(claims: Claims, issuer: string): Identity {
  const { email, email_verified: verified, hd } = claims
  if (typeof email !== 'string' || !/^[^\s@]+@[^\s@]+$/.test(email))
    throw unknownCaller('The provider names no e-mail for this account.')
  if (verified !== true) throw unknownCaller('The e-mail of this account is not verified by the provider.')
  // At Google anybody can have an account with an address of any domain that he once could read; `hd` tells the domain's own.
  const domain = issuer === googleIssuer ? hd : email.slice(email.lastIndexOf('@') + 1)
  const aliases = [email, ...(typeof domain === 'string' && domain !== '' ? [`@${domain}`] : [])]
  return { name: email, aliases: aliases.map((alias) => foldName(alias)) }
}
