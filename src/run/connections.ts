import type { Dispatcher } from 'undici'
import type { App } from './app.ts'
import { methodOf } from '../auth/index.ts'
import type { Connector } from '../connector/connector.ts'
import { createClientTls } from '../http/client-tls.ts'
import { createDispatcher } from '../http/dispatcher.ts'
import { allowedOrigins } from '../http/origins.ts'
import type { Lookup } from '../secrets/index.ts'

/** The connections to the API and its token endpoints. */
export interface Connections extends AsyncDisposable {
  readonly dispatcher: Dispatcher
  /** Of a connector with a certificate: shows it to the origin of this URL too. */
  readonly showCertificate?: (url: string) => void
}

/**
 * Those of the process, or the connector's own where it has `tls`, which end with it. Throws `CONFIG_INVALID` for a
 * certificate or key that is of no use, before anything is sent.
 */
export function openConnections(
  connector: Connector,
  { dispatcher, effects }: Pick<App, 'dispatcher' | 'effects'>,
  secret: Lookup,
): Connections {
  if (!connector.tls) return { dispatcher, [Symbol.asyncDispose]: () => Promise.resolve() }
  const { cert, key, ca = [] } = connector.tls
  const secrets = { ...(cert && { cert: secret(cert) }), ...(key && { key: secret(key) }), ca: ca.map(secret) }
  const origins = listIdentified(connector)
  const own = createDispatcher(createClientTls(secrets, origins, effects.now()))
  return {
    dispatcher: own,
    ...(cert && { showCertificate: (url) => void origins.add(new URL(url).origin) }),
    [Symbol.asyncDispose]: () => own.destroy(),
  }
}

/** Our certificate is shown to those who may have the credentials, and to the endpoints that give tokens for them. */
function listIdentified(connector: Connector): Set<string> {
  const origins = [...allowedOrigins(connector)].flatMap(([origin, { credentials }]) => (credentials ? [origin] : []))
  const entries = [connector.auth, ...connector.streams.map((stream) => stream.auth ?? [])].flat()
  const endpoints = entries
    .flatMap((config) => methodOf(config).endpoints?.(config) ?? [])
    .map((url) => new URL(url).origin)
  return new Set([...origins, ...endpoints])
}
