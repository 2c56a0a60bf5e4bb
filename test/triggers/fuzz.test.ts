import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import type { HttpHandler } from '../../src/triggers/entry.ts'
import { createHttpHandler } from '../../src/triggers/http.ts'
import { type TempDir, makeTempDir } from '../cli/support.ts'
import { type Google, audience, caller, iapAudience, startGoogle } from '../support/google.ts'
import { type Service, startService } from './in-process.ts'

const inputs = 100_000
const secrets = ['a-session-key-that-must-never-be-seen-anywhere', 'a-client-secret-that-must-never-be-seen']

let google: Google
let dir: TempDir
/** Good ones, to begin from. */
let tokens: readonly string[]
let log = ''
let guarded: HttpHandler
let open: HttpHandler
let service: Service

before(async () => {
  google = await startGoogle()
  dir = makeTempDir()
  tokens = [await google.idToken(), await google.iapHeader(), await google.idToken({ claims: { aud: 'other' } })]
  const common = { HEADRACE_CONNECTORS: dir.path, HEADRACE_GOOGLE_KEYS_ENDPOINT: google.url }
  const env = {
    ...common,
    HEADRACE_INBOUND: 'verify',
    HEADRACE_AUDIENCE: audience,
    HEADRACE_CALLERS: `${caller}=acme|+status`,
    HEADRACE_IAP_AUDIENCE: iapAudience,
    HEADRACE_URL: 'https://etl.acme.example',
    HEADRACE_SIGN_IN_PROVIDER: 'http://127.0.0.1:9',
    HEADRACE_SIGN_IN_CLIENT_ID: 'headrace',
    HEADRACE_SIGN_IN_CLIENT_SECRET: 'env:CLIENT_SECRET',
    HEADRACE_SIGN_IN_KEY: 'env:SESSION_KEY',
    HEADRACE_SIGN_IN_ALLOW: '@acme.example',
    SESSION_KEY: secrets[0],
    CLIENT_SECRET: secrets[1],
  }
  const never = new AbortController().signal
  const drain = { stop: { soft: never, hard: never }, track: (task: () => Promise<void>) => task() }
  const options = { logLevel: 'info', writeLog: (line: string) => void (log += line) } as const
  guarded = await createHttpHandler(env, drain, options)
  open = await createHttpHandler(common, drain, options)
  service = await startService(common)
})
after(async () => {
  await service?.[Symbol.asyncDispose]()
  await google?.[Symbol.asyncDispose]()
  dir?.[Symbol.dispose]()
})

interface Input {
  readonly door: 'guarded' | 'open'
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
}

interface Output {
  readonly status: number
  readonly body: string
  readonly headers: string
}

/** The handler as a server calls it, without a socket in between. */
async function send({ door, method, url, headers, body }: Input): Promise<Output> {
  const request = Object.assign(Readable.from(body.length > 0 ? [Buffer.from(body)] : []), {
    method,
    url,
    headers: Object.fromEntries(headers),
    rawHeaders: headers.flat(),
    socket: { remoteAddress: '127.0.0.1' },
    complete: true,
  })
  const output = { status: 0, body: '', headers: '' }
  const response = Object.assign(new EventEmitter(), {
    writeHead(status: number, fields: object) {
      Object.assign(output, { status, headers: JSON.stringify(fields) })
    },
    end(bytes: Buffer) {
      output.body = bytes.toString()
      queueMicrotask(() => response.emit('close'))
    },
  })
  const handle = door === 'guarded' ? guarded : open
  await handle(request as unknown as IncomingMessage, response as unknown as ServerResponse)
  return output
}

const json = (value: unknown): string => JSON.stringify(value)
const base64 = (value: unknown): string => Buffer.from(json(value)).toString('base64')

/** Cuts, doubles, swaps and overwrites a piece of a text. */
const mutate = (text: string): fc.Arbitrary<string> =>
  fc
    .record({
      at: fc.nat({ max: Math.max(text.length - 1, 0) }),
      length: fc.nat({ max: 12 }),
      piece: fc.oneof(
        fc.string({ maxLength: 8 }),
        fc.constantFrom('"', '{', '[', '\\', '..', '%2e', '\0', '__proto__', '.'),
      ),
      how: fc.constantFrom('keep', 'cut', 'insert', 'overwrite', 'double'),
    })
    .map(({ at, length, piece, how }) => {
      const [head, middle, tail] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)]
      if (how === 'keep') return text
      if (how === 'cut') return head + tail
      if (how === 'insert') return head + piece + middle + tail
      return how === 'double' ? head + middle + middle + tail : head + piece + tail
    })

const wanted = { connector: 'acme', streams: ['orders'], full_refresh: true, from: '2026-01-01', until: '2026-02-01' }
const message = { data: base64(wanted), attributes: { connector: 'acme' }, messageId: '1', orderingKey: 'k' }
const bodies = [
  '',
  '{}',
  json(wanted),
  json({ connector: '../../etc/passwd' }),
  json({ message, subscription: 'projects/p/subscriptions/s', deliveryAttempt: 2 }),
  json({ id: '1', source: '/x', type: 'google.cloud.pubsub.topic.v1.messagePublished', data: { message } }),
  json({ id: '1', source: '/x', type: 't', specversion: '1.0', data_base64: base64(wanted) }),
  'csrf=x&connector=acme',
]
const body = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(...bodies)
      .chain(mutate)
      .map((text) => Buffer.from(text)),
  },
  { weight: 2, arbitrary: fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  { weight: 1, arbitrary: fc.object({ maxDepth: 2 }).map((value) => Buffer.from(json({ message: value }) ?? '')) },
)
const paths = [
  '/',
  '/run/acme',
  '/status.json',
  '/runs/1',
  '/login?to=/',
  '/login/authorized?code=x&state=y',
  '/logout',
  '/nowhere',
]
const url = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...paths) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...paths, '/run/..%2f..%2fetc%2fpasswd', '/run/%ff', '//', '/?connector=acme')
      .chain(mutate),
  },
  { weight: 1, arbitrary: fc.webPath() },
)
/** What Node lets through in a header. */
const headerText = (text: string): string => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?')
const token = (): fc.Arbitrary<string> => fc.constantFrom(...tokens).chain(mutate)
const header = (): fc.Arbitrary<readonly [string, string]> =>
  fc
    .oneof(
      token().map((text) => ['authorization', `Bearer ${text}`] as const),
      fc.string({ maxLength: 30 }).map((text) => ['authorization', text] as const),
      token().map((text) => ['x-goog-iap-jwt-assertion', text] as const),
      fc
        .constantFrom('__Host-headrace=x', `__Host-headrace=${'a.'.repeat(4)}a`, '__Host-headrace-login=eyJ.a.b.c.d')
        .chain(mutate)
        .map((text) => ['cookie', text] as const),
      fc
        .constantFrom(
          'application/json',
          'application/cloudevents+json',
          'application/octet-stream',
          'text/html',
          'application/x-www-form-urlencoded',
        )
        .chain(mutate)
        .map((text) => ['content-type', text] as const),
      fc.tuple(
        fc.constantFrom(
          'ce-id',
          'ce-type',
          'ce-source',
          'x-goog-pubsub-message-id',
          'x-cloudtasks-taskname',
          'x-cloudscheduler-jobname',
          'x-cloudscheduler-scheduletime',
        ),
        fc.string(),
      ),
      fc.constantFrom(
        ['accept', 'text/html'] as const,
        ['origin', 'https://evil.example'] as const,
        ['host', 'evil.example'] as const,
        ['content-encoding', 'gzip'] as const,
        ['sec-fetch-site', 'cross-site'] as const,
      ),
    )
    .map(([name, text]) => [name, headerText(text)])

const input = (): fc.Arbitrary<Input> =>
  fc.record({
    door: fc.constantFrom('guarded', 'open'),
    method: fc.constantFrom('GET', 'POST', 'POST', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'),
    url,
    headers: fc.array(header(), { maxLength: 4 }),
    body,
  })

const allowed = new Set([200, 202, 303, 400, 401, 403, 404, 405, 413, 424, 429, 503])

function check(output: Output, logged: string): void {
  const text = `${output.status} ${output.headers} ${output.body} ${logged}`
  assert.ok(allowed.has(output.status), text)
  assert.ok(output.body === '' || output.body.startsWith('<') || typeof JSON.parse(output.body) === 'object', text)
  for (const secret of secrets) assert.ok(!text.includes(secret), 'a secret got out')
  for (const one of tokens) assert.ok(!text.includes(one.slice(-40)), 'a token got out')
  assert.ok(!/\n {4}at |node:internal|\.ts:\d/.test(text), text)
}

suite('whatever comes in', () => {
  test(`${inputs.toLocaleString('en')} requests at the handler never meet a 500, and bring no secret out`, async () => {
    let people = 0
    await fc.assert(
      fc.asyncProperty(input(), async (one) => {
        log = ''
        const output = await send(one)
        people += output.status === 200 ? 1 : 0
        check(output, log)
      }),
      { numRuns: inputs, endOnFailure: true },
    )
    assert.ok(people > 0, 'some of them got through the door')
  })

  test('at the socket is answered or hung up on, and the next caller is served', async () => {
    const { hostname, port } = new URL(service.url)
    const requests = bodies.flatMap((text) => {
      const head = `Host: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n`
      return [
        `POST / HTTP/1.1\r\n${head}Content-Length: ${text.length}\r\n\r\n${text}`,
        `POST /run/acme HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`,
        `POST / HTTP/1.1\r\n${head}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /status.json HTTP/1.1\r\n\r\n`,
        `GET / HTTP/1.1\r\n${head}Cookie: ${'x'.repeat(20_000)}\r\n\r\n`,
        `GET /status.json HTTP/1.1\r\nHost: a\r\nHost: b\r\nAuthorization: a\r\nauthorization: b\r\n\r\n`,
      ]
    })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...requests).chain(mutate), async (text) => {
        const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: false })
        let answer = ''
        socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk))
        socket.on('error', () => undefined)
        const closed = once(socket, 'close')
        // What is not whole by now never will be.
        socket.end(text)
        await closed
        for (const [, status = ''] of answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)) assert.notEqual(status, '500', answer)
        assert.ok(!/\n {4}at |node:internal/.test(answer), answer)
      }),
      { numRuns: 1_500, endOnFailure: true },
    )
    assert.equal((await fetch(`${service.url}/status.json`)).status, 200)
    assert.ok(!service.log().includes('"severity":"ERROR","code":"INTERNAL"'))
  })
})
