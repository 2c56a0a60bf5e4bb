import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Effects } from '../base/effects.ts'
import { SyncError } from '../base/errors.ts'
import {
  type CallbackError,
  type Outcome,
  redirectHeaders,
  renderCallbackError,
  renderOutcome,
} from './outcome-page.ts'

export interface ListenerOptions {
  readonly host: '127.0.0.1' | 'localhost'
  /** 0 takes any free one. */
  readonly port: number
  /** Begins with `/`. */
  readonly path: string
  readonly effects: Effects
  /** Called with a request that is not the answer. */
  readonly onMisfit?: (misfit: CallbackError) => void
}

/** A web server on this machine that waits for the one redirect of a sign-in (RFC 8252 section 7.3). */
export interface Listener extends AsyncDisposable {
  readonly redirectUrl: string
  /**
   * The query of the first redirect that `isAnswer` knows for its own. The browser is sent on to a clean address at
   * once. Rejects with the signal's reason.
   */
  readonly receive: (isAnswer: (query: URLSearchParams) => boolean, signal: AbortSignal) => Promise<URLSearchParams>
  /** Shows the end in the browser that came, and resolves when it was shown, or after two seconds without it. */
  readonly show: (outcome: Outcome) => Promise<void>
}

/** Throws `CONFIG_INVALID` for a port that is taken. */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const waiting = createWaiting(options)
  const first = await listen(waiting.handle, options.port, '127.0.0.1')
  const { port } = first.address() as AddressInfo
  // A browser may try ::1 first, and nobody else should be the one to answer it there.
  const second =
    options.host === 'localhost'
      ? await listenIfPossible(waiting.handle, port).catch(async (error: unknown) => {
          await close(first)
          throw error
        })
      : undefined
  // Without :80, as a browser leaves it out too.
  const { host: authority } = new URL(`http://${options.host}:${port}`)
  waiting.open(authority)
  return {
    redirectUrl: `http://${authority}${options.path}`,
    receive: waiting.receive,
    show: waiting.show,
    async [Symbol.asyncDispose]() {
      await Promise.all([first, ...(second ? [second] : [])].map(close))
    },
  }
}

interface Waiting extends Pick<Listener, 'receive' | 'show'> {
  /** From now on requests are answered, of this host and port only. */
  readonly open: (authority: string) => void
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void
}

function createWaiting({ path, effects, onMisfit }: ListenerOptions): Waiting {
  const donePath = `${path.replace(/\/$/, '')}/done`
  const answer = Promise.withResolvers<URLSearchParams>()
  const outcome = Promise.withResolvers<Outcome>()
  const shown = Promise.withResolvers<void>()
  let isAnswer: (query: URLSearchParams) => boolean = () => false
  let used = false
  let authority = ''

  function refuse(response: ServerResponse, misfit: CallbackError): void {
    onMisfit?.(misfit)
    const { status, headers, html } = renderCallbackError(misfit)
    response.writeHead(status, misfit === 'method' ? { ...headers, allow: 'GET' } : headers).end(html)
  }

  async function showOutcome(response: ServerResponse): Promise<void> {
    const { status, headers, html } = renderOutcome(await outcome.promise)
    response.once('close', shown.resolve)
    response.writeHead(status, headers).end(html)
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    // A page elsewhere whose name is made to lead here would bring its own name (DNS rebinding).
    if (request.headers.host !== authority) return refuse(response, 'wrong_host')
    if (request.method !== 'GET') return refuse(response, 'method')
    const url = URL.parse(request.url ?? '', `http://${authority}`)
    if (url?.pathname === donePath && used) {
      // Whatever happens, the outcome comes: `show` is called or the server is closed.
      showOutcome(response).catch((error: Error) => response.destroy(error))
      return
    }
    if (url?.pathname !== path) return refuse(response, 'not_found')
    if (!isAnswer(url.searchParams)) return refuse(response, 'wrong_state')
    if (used) return refuse(response, 'used')
    used = true
    response.writeHead(303, { ...redirectHeaders, location: donePath }).end()
    answer.resolve(url.searchParams)
  }

  return {
    open: (found) => void (authority = found),
    handle,
    receive(accept, signal) {
      isAnswer = accept
      return untilAborted(answer.promise, signal)
    },
    async show(found) {
      outcome.resolve(found)
      if (!used) return
      const late = new AbortController()
      const given = effects.sleep(2_000, late.signal).catch(() => undefined)
      await Promise.race([shown.promise, given])
      late.abort()
    },
  }
}

export async function untilAborted<Value>(value: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason as Error)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([value, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

type Handle = Waiting['handle']

function listen(handle: Handle, port: number, address: string): Promise<Server> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, handle)
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${cause.code ?? 'unknown error'})`
      const message = `Port ${port} on this computer ${why}, so that the browser could not come back: end what uses it, name another with --port, or use --paste.`
      reject(new SyncError('CONFIG_INVALID', message, { cause }))
    })
    server.listen({ port, host: address, exclusive: true }, () => resolve(server))
  })
}

/** A machine without IPv6 has no ::1 that a browser could try. */
async function listenIfPossible(handle: Handle, port: number): Promise<Server | undefined> {
  try {
    return await listen(handle, port, '::1')
  } catch (thrown) {
    const { code } = (thrown as SyncError).cause as NodeJS.ErrnoException
    if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return undefined
    throw thrown
  }
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
}
