import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Env, createApp, portOf } from '../run/app.ts'
import { SyncError } from '../base/errors.ts'
import { createEntry } from '../triggers/entry.ts'
import type { CommandContext } from './context.ts'

/** `headrace serve`: the function on 127.0.0.1. Ends with the process, on a signal. */
export async function serveCommand(
  { port: wanted }: { readonly port?: string },
  { env, terminal, globals }: CommandContext,
): Promise<number> {
  const port = portOf(wanted ?? env['PORT'])
  const served = {
    ...env,
    ...(globals.connectors !== undefined && { HEADRACE_CONNECTORS: globals.connectors }),
    ...(globals.logLevel !== undefined && { HEADRACE_LOG_LEVEL: globals.logLevel }),
  }
  const entry = createEntry(served)
  const server = createServer((request, response) => {
    entry(request, response).catch((error: Error) => response.destroy(error))
  })
  // A run may take longer than a browser would wait.
  server.requestTimeout = 60_000
  server.timeout = 0
  const address = await listen(server, port)
  const url = `http://127.0.0.1:${address.port}`
  if (globals.json) terminal.print(`${JSON.stringify({ url })}\n`)
  else if (!globals.quiet)
    terminal.note(`headrace listens on ${url}, which shows the status page; POST ${url}/run/NAME runs a connector.\n`)
  // Whatever is wrong, a request tells it.
  void prepareStatusPage(served).catch(() => undefined)
  return new Promise((resolve) => server.once('close', () => resolve(0)))
}

async function prepareStatusPage(env: Env): Promise<void> {
  const { prepareFirstLook } = await import('../status/index.ts')
  await prepareFirstLook(createApp(env, { logLevel: 'silent' }))
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${cause.code ?? 'unknown error'})`
      reject(new SyncError('CONFIG_INVALID', `Port ${port} ${why}: name another with --port.`, { cause }))
    })
    server.listen(port, '127.0.0.1', () => resolve(server.address() as AddressInfo))
  })
}
