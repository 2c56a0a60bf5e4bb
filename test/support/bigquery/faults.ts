import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request on its way to BigQuery, and what can be done with it. */
export interface Exchange {
  readonly method: string
  readonly path: string
  /** From 0 on, since `watch`. */
  readonly index: number
  readonly body: Buffer
  readonly socket: { destroy(): void }
  /** Sends it on, or what is to stand in its place; resolves with the answer. */
  readonly forward: (body?: Buffer) => Promise<Answer>
  /** Sends half of it on, then breaks off. */
  readonly forwardHalf: () => Promise<void>
  readonly reply: (answer: Answer) => void
  /** Half of an answer that says it is whole. */
  readonly replyHalf: (answer: Answer) => void
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export type Fault = (exchange: Exchange) => Promise<void> | void

/** Stands before BigQuery and spoils what passes through. */
export interface FaultProxy extends AsyncDisposable {
  readonly endpoint: string
  /** Counts from 0 again; `choose` says what becomes of each request (nothing: it passes). */
  watch(choose?: (exchange: Exchange) => Fault | undefined): void
  /** `METHOD path` of every request since `watch`. */
  readonly seen: readonly string[]
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let choose: (exchange: Exchange) => Fault | undefined = () => undefined
  let seen: string[] = []
  const server = createServer((incoming, outgoing) => {
    void handle(incoming, outgoing).catch(() => outgoing.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await readAll(incoming)
    const method = incoming.method ?? ''
    const path = incoming.url ?? ''
    const index = seen.push(`${method} ${path}`) - 1
    const send = (whole: Buffer, length: number) => sendOn(target, { incoming, body: whole, length })
    const exchange: Exchange = {
      method,
      path,
      index,
      body,
      socket: { destroy: () => void outgoing.destroy() },
      forward: (other = body) => send(other, other.length),
      forwardHalf: async () =>
        void (await send(body.subarray(0, body.length >> 1), body.length).catch(() => undefined)),
      reply: (answer) => void outgoing.writeHead(answer.status, answer.headers).end(answer.body),
      replyHalf: (answer) => {
        outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) })
        outgoing.write(answer.body.subarray(0, answer.body.length >> 1), () => outgoing.destroy())
      },
    }
    const fault = choose(exchange)
    if (fault) await fault(exchange)
    else exchange.reply(await exchange.forward())
  }

  return {
    endpoint: `http://127.0.0.1:${port}`,
    get seen() {
      return seen
    },
    watch(next) {
      seen = []
      choose = next ?? (() => undefined)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

interface Sent {
  readonly incoming: IncomingMessage
  readonly body: Buffer
  /** What `content-length` says. */
  readonly length: number
}

function sendOn(target: string, { incoming, body, length }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { 'transfer-encoding': _, connection: __, ...headers } = incoming.headers
    const outgoing = request(`${target}${incoming.url ?? ''}`, {
      method: incoming.method,
      headers: { ...headers, 'content-length': String(length) },
      agent: false,
    })
    outgoing.once('error', reject)
    outgoing.once('response', (response) => {
      void readAll(response).then((whole) => {
        const type = response.headers['content-type']
        resolve({ status: response.statusCode ?? 0, headers: type ? { 'content-type': type } : {}, body: whole })
      }, reject)
    })
    outgoing.write(body, () => (body.length < length ? outgoing.destroy() : outgoing.end()))
  })
}

/** The service's own way of saying no (https://cloud.google.com/bigquery/docs/error-messages). */
export function refusal(status: number, reason: string, message = `made by the test: ${reason}`): Answer {
  const error = { code: status, message, errors: [{ reason, message, domain: 'global' }] }
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify({ error })) }
}

const refuse =
  (status: number, reason: string): Fault =>
  ({ reply }) =>
    reply(refusal(status, reason))

/** What passes by itself: a run that meets one of them once brings every row all the same. */
export const passingFaults: Readonly<Record<string, Fault>> = {
  'cut before': ({ socket }) => socket.destroy(),
  'cut in the middle of the request': async ({ forwardHalf, socket }) => {
    await forwardHalf()
    socket.destroy()
  },
  'cut after': async ({ forward, socket }) => {
    await forward()
    socket.destroy()
  },
  'cut in the middle of the answer': async ({ forward, replyHalf }) => replyHalf(await forward()),
  'half of the JSON': async ({ forward, reply }) => {
    const answer = await forward()
    // Of an answer that tells nothing there is no half.
    reply(answer.body.length < 20 ? answer : { ...answer, body: answer.body.subarray(0, answer.body.length >> 1) })
  },
  503: refuse(503, 'backendError'),
  429: refuse(429, 'rateLimitExceeded'),
  '403 rateLimitExceeded': refuse(403, 'rateLimitExceeded'),
  '500 after success': async ({ forward, reply }) => {
    await forward()
    reply(refusal(500, 'internalError'))
  },
  '503 after success': async ({ forward, reply }) => {
    await forward()
    reply(refusal(503, 'backendError'))
  },
}

export const isJobInsert = ({ method, path }: Exchange): boolean => method === 'POST' && /\/jobs(\?|$)/.test(path)
export const isLoad = ({ path }: Exchange): boolean => path.startsWith('/upload/')
/** What asks for a job, or makes one. */
export const jobIdOf = ({ path, body }: Exchange): string | undefined =>
  /\/jobs\/([\w-]+)/.exec(path)?.[1] ?? /"jobId":"([\w-]+)"/.exec(body.subarray(0, 100_000).toString())?.[1]

/** Rewrites the job in an answer. */
export const changeJob =
  (change: (job: { status: object }) => object): Fault =>
  async ({ forward, reply }) => {
    const answer = await forward()
    if (answer.status !== 200) {
      reply(answer)
      return
    }
    const job = JSON.parse(answer.body.toString()) as { status: object }
    reply({ ...answer, body: Buffer.from(JSON.stringify(change(job))) })
  }

export const asRunning = changeJob((job) => ({ ...job, status: { state: 'RUNNING' } }))
export const asFailed = (reason: string, message = `made by the test: ${reason}`): Fault =>
  changeJob((job) => ({ ...job, status: { state: 'DONE', errorResult: { reason, message } } }))
