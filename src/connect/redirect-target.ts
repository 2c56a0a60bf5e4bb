import type { RedirectRule } from '../auth/authorization/providers/index.ts'
import { SyncError } from '../base/errors.ts'

/** Where the browser comes back to: a listener on this machine, or nowhere, and the person pastes the address. */
export type RedirectTarget =
  | {
      readonly kind: 'listen'
      readonly host: '127.0.0.1' | 'localhost'
      /** 0 takes any free one. */
      readonly port: number
      readonly path: string
      /** Whether the provider must know this very address. */
      readonly registered: boolean
    }
  | { readonly kind: 'paste'; readonly redirectUrl: string; readonly registered: boolean }

/** Where no provider and no flag says otherwise: no service is registered for it. */
const usualPort = 8976
const usualPath = '/callback'

interface Wish {
  readonly redirect: RedirectRule
  /** As the connector has it. */
  readonly redirectUrl?: string
  readonly paste: boolean
  readonly port?: number
}

/** Throws `REQUEST_INVALID` for a port that would not be used. */
export function choosePlace({ redirect, redirectUrl, paste, port }: Wish): RedirectTarget {
  const own = redirectUrl === undefined ? undefined : new URL(redirectUrl)
  const host = own ? listeningHost(own) : redirect.host
  if (paste || host === undefined || (!own && redirect.kind === 'https_only')) {
    if (port !== undefined && (own || redirect.kind === 'https_only'))
      throw new SyncError(
        'REQUEST_INVALID',
        'Nothing listens on a port where the address is pasted; leave out --port, or write redirect_url: http://localhost:PORT/callback in the connector.',
      )
    return {
      kind: 'paste',
      redirectUrl: redirectUrl ?? usualUrl(redirect, port),
      registered: redirect.kind !== 'any_port',
    }
  }
  const registered = own !== undefined || redirect.kind === 'registered'
  // Where any port will do none need be named; else none means 80.
  const unnamed = redirect.kind === 'any_port' ? 0 : 80
  const usual = own ? Number(own.port || unnamed) : registered ? usualPort : 0
  return { kind: 'listen', host, port: port ?? usual, path: own?.pathname ?? usualPath, registered }
}

function usualUrl({ kind, host }: RedirectRule, port = usualPort): string {
  return kind === 'https_only' ? `https://${host}${usualPath}` : `http://${host}:${port}${usualPath}`
}

/** The name under which this machine can be listened on by plain http; undefined for any other address. */
function listeningHost(url: URL): '127.0.0.1' | 'localhost' | undefined {
  if (url.protocol !== 'http:' || url.search !== '') return undefined
  return url.hostname === '127.0.0.1' || url.hostname === 'localhost' ? url.hostname : undefined
}
