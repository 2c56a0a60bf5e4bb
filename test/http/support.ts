import type { ErrorRule } from '../../src/http/config.ts'
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { Auth } from '../../src/auth/auth.ts'
import type { PageDecoder } from '../../src/decode/page-decoder.ts'
import { noRows } from '../../src/decode/page-rows.ts'
import type { Effects } from '../../src/base/effects.ts'
import { type ErrorCode, SyncError } from '../../src/base/errors.ts'
import { type ClientOptions, createClient } from '../../src/http/client.ts'
import { createDispatcher } from '../../src/http/dispatcher.ts'
import { createMeter, type Meter } from '../../src/http/meter.ts'
import { createRateLimiter } from '../../src/http/rate-limit.ts'
import type { ApiRequest, ApiResponse } from '../../src/http/send.ts'

export const never = new AbortController().signal

export async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  t.after(() => server.closeAllConnections())
  return listen(t, server)
}

/** A server that answers in raw bytes, once the request's head has come. */
export function serveRaw(t: TestContext, answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  t.after(() => sockets.forEach((socket) => socket.destroy()))
  return listen(t, server)
}

async function listen(t: TestContext, server: TcpServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** A clock that moves only when somebody sleeps, and a record of the sleeps. */
export interface FakeEffects extends Effects {
  readonly slept: number[]
  /** Sum of the sleeps, milliseconds. */
  total(): number
  advance(ms: number): void
}

export function fakeEffects(start = Date.UTC(2025, 0, 1), random = () => 0.5): FakeEffects {
  let now = start
  const slept: number[] = []
  return {
    slept,
    now: () => now,
    random,
    total: () => slept.reduce((sum, ms) => sum + ms, 0),
    advance: (ms) => {
      now += ms
    },
    sleep: async (ms, signal) => {
      signal.throwIfAborted()
      slept.push(ms)
      now += ms
    },
  }
}

/** What became of the decoders of a test. */
export interface Decoders {
  opened: number
  ended: number
  discarded: number
}

/** Decodes a whole JSON body as the envelope; that is all the layers need of a decoder. */
export function jsonDecoder(decoders: Decoders): PageDecoder {
  const chunks: Buffer[] = []
  decoders.opened++
  return {
    write: (chunk) => {
      chunks.push(Buffer.from(chunk))
    },
    end: async () => {
      const body = Buffer.concat(chunks)
      decoders.ended++
      try {
        return { envelope: JSON.parse(body.toString()) as unknown, rows: noRows(), bytes: body.length }
      } catch (error) {
        throw new SyncError('RESPONSE_INVALID', 'The body is no JSON.', { cause: error })
      }
    },
    discard: async () => {
      decoders.discarded++
    },
  }
}

export interface TestClient {
  readonly get: (path: string, signal?: AbortSignal) => Promise<ApiResponse>
  readonly send: (request: Partial<ApiRequest> & { url: string }, signal?: AbortSignal) => Promise<ApiResponse>
  readonly effects: FakeEffects
  readonly meter: Meter
  readonly decoders: Decoders
  readonly lines: object[]
}

export const noAuth: Auth = { sign: async (request) => request }

/** Signs with what `token` gives at that moment. */
export function bearer(token: () => string, renew?: Auth['renew']): Auth {
  return {
    sign: async (request) => ({ ...request, headers: { ...request.headers, authorization: `Bearer ${token()}` } }),
    ...(renew && { renew }),
  }
}

/** Rules as they come out of a connector file. */
export function parseRules(json: string): readonly ErrorRule[] {
  return JSON.parse(json) as readonly ErrorRule[]
}

export const quickRetry = { attempts: 3, max_elapsed: 60_000, base: 100, cap: 1_000 }

export type TestOptions = Partial<Omit<ClientOptions, 'effects'>> & {
  readonly effects?: FakeEffects
  readonly concurrency?: number
}

export function testClient(t: TestContext, origin: string, options: TestOptions = {}): TestClient {
  const { effects = fakeEffects(), meter = createMeter(), concurrency = 8 } = options
  const decoders = { opened: 0, ended: 0, discarded: 0 }
  const dispatcher = options.dispatcher ?? createDispatcher()
  t.after(() => dispatcher.destroy())
  const lines: object[] = []
  const write = (fields: object, message: string) => void lines.push({ ...fields, message })
  const send = createClient({
    dispatcher,
    openDecoder: () => jsonDecoder(decoders),
    auth: noAuth,
    origins: new Map([[origin, { credentials: true }]]),
    retry: quickRetry,
    timeout: 5_000,
    rules: [],
    limiter: createRateLimiter({ per: 1_000, concurrency, cost: 1 }, effects),
    deadline: { at: Infinity, stopping: false },
    log: { error: write, warn: write, info: write, debug: write, trace: write },
    redact: (text) => text,
    ...options,
    effects,
    meter,
  })
  const sendPartial: TestClient['send'] = (request, signal = never) =>
    send({ method: 'GET', headers: {}, ...request }, signal)
  return {
    send: sendPartial,
    get: (path, signal) => sendPartial({ url: new URL(path, origin).href }, signal),
    effects,
    meter,
    decoders,
    lines,
  }
}

/** Rejects unless `work` fails with `code`; resolves with the error. */
export async function failsWith(work: Promise<unknown>, code: ErrorCode): Promise<SyncError> {
  const error = await work.then(
    () => assert.fail(`expected ${code}, but it succeeded`),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof SyncError, `expected a SyncError, got ${String(error)}`)
  assert.equal(error.code, code, error.message)
  return error
}
