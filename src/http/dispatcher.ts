import { Agent, type Dispatcher, Pool } from 'undici'
import type { ClientTls } from './client-tls.ts'

/**
 * The connections of this process: kept alive, TLS always verified whatever NODE_TLS_REJECT_UNAUTHORIZED says. Close it
 * when the process is done. HTTP/1.1 only, as one connection a request in flight is what paging needs. With `tls` our
 * certificate is shown, to its origins alone.
 */
export function createDispatcher(tls?: ClientTls): Dispatcher {
  const connect = { timeout: 10_000, rejectUnauthorized: true }
  const options = { allowH2: false, keepAliveTimeout: 20_000, keepAliveMaxTimeout: 60_000 }
  if (!tls) return new Agent({ ...options, connect })
  return new Agent({
    ...options,
    factory: (origin) => {
      const secureContext = tls.origins.has(new URL(origin).origin) ? tls.identified : tls.trusting
      return new Pool(origin, { ...options, connect: { ...connect, secureContext } })
    },
  })
}
