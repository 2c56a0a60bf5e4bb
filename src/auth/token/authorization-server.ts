import {
  type AuthorizationServer,
  allowInsecureRequests,
  customFetch,
  discoveryRequest,
  processDiscoveryResponse,
} from 'oauth4webapi'
import { isLoopback } from '../../syntax/loopback.ts'
import { SyncError } from '../../base/errors.ts'
import { readWords } from '../../http/error-message.ts'
import type { AuthDeps } from '../auth.ts'
import type { SignInSettings } from '../authorization/sign-in-settings.ts'

/** An authorization server as far as it is known. */
export interface SignInServer {
  /** For oauth4webapi. Its `issuer` is made up of the token URL where nobody has told it. */
  readonly metadata: AuthorizationServer & { readonly token_endpoint: string }
  /** Whether `metadata.issuer` may be compared with what the server says of itself (RFC 9207). */
  readonly issuerKnown: boolean
}

type Deps = Pick<AuthDeps, 'fetch' | 'signal' | 'redactor' | 'showCertificate'>

/**
 * The endpoints of `settings`; those that are missing are asked of the issuer, by OpenID discovery and then by RFC 8414;
 * they may then see the connector's certificate.
 * Throws `AUTH_FAILED` for an issuer that does not answer as it should, `AUTH_UNAVAILABLE` where it cannot be reached.
 */
export async function findServer(settings: SignInSettings, deps: Deps): Promise<SignInServer> {
  const { issuer, authorizeUrl, tokenUrl, deviceUrl } = settings
  const own = {
    ...(authorizeUrl !== undefined && { authorization_endpoint: authorizeUrl }),
    ...(deviceUrl !== undefined && { device_authorization_endpoint: deviceUrl }),
  }
  if (tokenUrl !== undefined && authorizeUrl !== undefined)
    return {
      metadata: { issuer: issuer ?? tokenUrl, token_endpoint: tokenUrl, ...own },
      issuerKnown: issuer !== undefined,
    }
  if (issuer === undefined) {
    // A client of the device flow alone: the check of the connector file has seen to its token_url.
    if (tokenUrl === undefined)
      throw new SyncError('CONFIG_INVALID', 'auth names no token_url; write token_url or issuer.')
    return { metadata: { issuer: tokenUrl, token_endpoint: tokenUrl, ...own }, issuerKnown: false }
  }
  const found = await discover(new URL(issuer), deps)
  if (deps.showCertificate)
    for (const url of [found.token_endpoint, found.device_authorization_endpoint]) if (url) deps.showCertificate(url)
  const endpoint = tokenUrl ?? found.token_endpoint
  if (endpoint === undefined) throw failed(issuer, 'names no token_endpoint; write token_url')
  return { metadata: { ...found, ...own, token_endpoint: endpoint }, issuerKnown: true }
}

async function discover(issuer: URL, deps: Deps): Promise<AuthorizationServer> {
  const openid = await fetchMetadata(issuer, 'oidc', deps)
  const response = openid.status === 404 ? await fetchMetadata(issuer, 'oauth2', deps) : openid
  const name = deps.redactor.redact(issuer.href)
  const text = await response.text()
  if (response.status !== 200) {
    const words = readWords(text, (dirty) => deps.redactor.redact(dirty))
    const said = words === undefined ? '' : ` (${words})`
    throw failed(
      name,
      `answers ${response.status} where its metadata should be${said}; check issuer, or write the URLs`,
    )
  }
  const metadata = await processDiscoveryResponse(issuer, toJson(text)).catch((cause: unknown) => {
    throw failed(name, `does not describe itself as it should (${reasonOf(cause)}); check issuer, or write the URLs`)
  })
  // RFC 8705 section 5: one that shows a certificate asks where certificates are asked for.
  if (deps.showCertificate) Object.assign(metadata, metadata.mtls_endpoint_aliases)
  for (const key of ['token_endpoint', 'authorization_endpoint', 'device_authorization_endpoint'] as const) {
    const url = metadata[key]
    if (url !== undefined && !isSecure(url))
      throw failed(name, `names a ${key} that is not https; write the right URLs`)
  }
  return metadata
}

/** Some servers send it as text. */
function toJson(text: string): Response {
  return new Response(text, { status: 200, headers: { 'content-type': 'application/json' } })
}

async function fetchMetadata(issuer: URL, algorithm: 'oidc' | 'oauth2', deps: Deps): Promise<Response> {
  try {
    return await discoveryRequest(issuer, {
      algorithm,
      signal: deps.signal,
      [customFetch]: (url, { method, headers, signal }) =>
        deps.fetch(url, { method, headers, ...(signal && { signal }) }),
      [allowInsecureRequests]: isLoopback(issuer),
    })
  } catch (cause) {
    if (deps.signal.aborted) throw new SyncError('INTERRUPTED', 'Told to stop while the issuer was asked.', { cause })
    const name = deps.redactor.redact(issuer.href)
    throw new SyncError(
      'AUTH_UNAVAILABLE',
      `The issuer ${name} could not be asked for its endpoints; try again later, or write the URLs.`,
      { cause, details: { issuer: name } },
    )
  }
}

function isSecure(url: string): boolean {
  const parsed = URL.parse(url)
  return parsed !== null && (parsed.protocol === 'https:' || (parsed.protocol === 'http:' && isLoopback(parsed)))
}

/** The library's own words: they name a member, and quote no value. */
function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'unknown error'
}

function failed(issuer: string, what: string): SyncError {
  return new SyncError('AUTH_FAILED', `The issuer ${issuer} ${what}.`, { details: { issuer } })
}
