import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Drain } from '../../src/triggers/drain.ts'
import { createHttpHandler } from '../../src/triggers/http.ts'

/** The function's handler on a port of this very process. */
export interface Service extends AsyncDisposable {
  readonly url: string
  /** What it has logged so far. */
  log(): string
  /** As SIGTERM does. */
  stop(): void
}

/** `env` is all that it gets of the environment, and may name the port as `{PORT}`. */
export async function startService(env: Readonly<Record<string, string>>): Promise<Service> {
  const soft = new AbortController()
  const hard = new AbortController()
  const drain: Drain = { stop: { soft: soft.signal, hard: hard.signal }, track: (task) => task() }
  const server = createServer().listen(0, '127.0.0.1')
  // A flood and its callers in one process keep each other waiting for longer than that.
  server.keepAliveTimeout = 0
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const whole = Object.fromEntries(
    Object.entries(env).map(([key, value]) => [key, value.replace('{PORT}', String(port))]),
  )
  let log = ''
  const handle = await createHttpHandler(whole, drain, { logLevel: 'trace', writeLog: (line) => void (log += line) })
  server.on('request', (request, response) => {
    handle(request, response).catch((error: Error) => response.destroy(error))
  })
  return {
    url,
    log: () => log,
    stop: () => soft.abort(),
    async [Symbol.asyncDispose]() {
      soft.abort()
      hard.abort()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
