import { Agent, type Dispatcher } from 'undici'

/**
 * The connections of this process: kept alive, TLS always verified whatever NODE_TLS_REJECT_UNAUTHORIZED says. Close it
 * when the process is done. HTTP/1.1 only, as one connection a request in flight is what paging needs.
 */
export function createDispatcher(): Dispatcher {
  return new Agent({
    allowH2: false,
    connect: { timeout: 10_000, rejectUnauthorized: true },
    keepAliveTimeout: 20_000,
    keepAliveMaxTimeout: 60_000,
  })
}
