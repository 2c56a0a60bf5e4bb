import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request as sendRequest } from 'node:http'
import { connect } from 'node:net'
import { after, before, suite, test } from 'node:test'
import type { StatusReport } from '../../src/status/status-report.ts'
import type { RunRecord } from '../../src/destinations/run-record.ts'
import { type Api, type TempDir, connectorText, makeTempDir, sendJson, servePages, startApi } from '../cli/support.ts'
import { type FunctionProcess, startFunction, startServe } from './support.ts'

interface Refusal {
  readonly error: { readonly code: string; readonly message: string }
}

const json = { 'content-type': 'application/json' }

for (const [name, start] of [
  ['the function under the functions framework', startFunction],
  ['headrace serve', startServe],
] as const) {
  suite(name, () => {
    let dir: TempDir
    let api: Api
    let service: FunctionProcess

    before(async () => {
      dir = makeTempDir()
      api = await startApi(servePages(3))
      dir.write('acme.yaml', connectorText(api.url))
      dir.write('broken.yaml', connectorText(api.url).replaceAll('acme', 'broken').replaceAll('orders', 'nothing'))
      dir.write('wrong.yaml', 'name: wrong\n')
      const env = { HEADRACE_CONNECTORS: dir.path, HEADRACE_DESTINATION: 'duckdb:w.duckdb' }
      service = await start({ cwd: dir.path, env: { ...env, HEADRACE_BUDGET_SECONDS: '100' } })
    })
    after(async () => {
      await service?.[Symbol.asyncDispose]()
      await api?.[Symbol.asyncDispose]()
      dir?.[Symbol.dispose]()
    })

    const post = (
      path: string,
      body?: NonNullable<RequestInit['body']>,
      headers: Record<string, string> = json,
    ): Promise<Response> => fetch(service.url + path, { method: 'POST', headers, ...(body !== undefined && { body }) })

    async function assertRefused(response: Response, status: number, words: RegExp): Promise<void> {
      const text = await response.text()
      assert.equal(response.status, status, text)
      assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
      const { error } = JSON.parse(text) as Refusal
      assert.match(error.code, /^[A-Z_]+$/)
      assert.match(error.message, words)
    }

    test('POST / runs a connector and answers with the run record', async () => {
      const response = await post('/', JSON.stringify({ connector: 'acme', streams: ['orders'], full_refresh: true }))
      const record = (await response.json()) as RunRecord
      assert.equal(response.status, 200, JSON.stringify(record))
      assert.deepEqual([record.trigger, record.status, record.streams[0]?.rows], ['http', 'complete', 30])
    })

    test('POST /run/NAME takes an empty body, and any JSON type or none', async () => {
      for (const [body, headers] of [
        [undefined, {}],
        ['', json],
        ['{}', { 'content-type': 'application/octet-stream' }],
        [new Blob(['{"limit": 1}']), {}],
        ['{"limit": 1}', { 'content-type': 'application/vnd.api+json; charset=utf-8' }],
      ] as const) {
        const response = await post('/run/acme', body, headers)
        assert.ok([200, 202].includes(response.status), await response.text())
      }
    })

    test('a caller may ask for a smaller budget than the platform gives, not for a larger one', async () => {
      const budget = async (seconds?: number): Promise<number | null> => {
        const response = await post('/run/acme', JSON.stringify({ ...(seconds && { budget_seconds: seconds }) }))
        return ((await response.json()) as RunRecord).budget_seconds
      }
      assert.deepEqual([await budget(), await budget(20), await budget(5000)], [100, 20, 100])
    })

    test('a failed stream answers by its error code, the record as the body', async () => {
      const response = await post('/run/broken')
      assert.equal(response.status, 503)
      const record = (await response.json()) as RunRecord
      assert.deepEqual([record.status, record.streams[0]?.error?.code], ['failed', 'API_UNAVAILABLE'])
    })

    test('an unknown connector answers 404 with the nearest name', async () => {
      await assertRefused(await post('/run/acne'), 404, /did you mean acme\?/)
      await assertRefused(await post('/', '{"connector": "acne"}'), 404, /did you mean acme\?/)
    })

    test('a connector is a name, never a path', async () => {
      for (const path of ['../acme', '/etc/passwd', 'acme.yaml', '..', './acme', 'a\u0000b']) {
        await assertRefused(await post('/', JSON.stringify({ connector: path })), 400, /expected a name/)
        if (!/^\.+$/.test(path))
          await assertRefused(await post(`/run/${encodeURIComponent(path)}`), 400, /expected a name/)
      }
      const malformed = await post('/run/%ff')
      await assertRefused(malformed, malformed.status === 400 ? 400 : 404, /not well encoded|nothing here/)
    })

    test('a connector file that is wrong answers 400 and says where', async () => {
      await assertRefused(await post('/run/wrong'), 400, /wrong\.yaml:\d+:\d+/)
    })

    test('a body that is no run request answers 400 in one sentence', async () => {
      await assertRefused(
        await post('/', '{"connector": "acme", "fullrefresh": true}'),
        400,
        /did you mean full_refresh/,
      )
      await assertRefused(await post('/', '{"connector": '), 400, /not valid JSON/)
      await assertRefused(await post('/', '[1]'), 400, /not a JSON object/)
      await assertRefused(await post('/', '{}'), 400, /connector/)
      await assertRefused(await post('/', '{"connector": "acme", "limit": 0}'), 400, /limit/)
      await assertRefused(await post('/', '{"connector": "acme", "streams": ["order"]}'), 400, /did you mean orders/)
      await assertRefused(await post('/run/acme', '{"connector": "other"}'), 400, /another one/)
      await assertRefused(await post('/', new Uint8Array([0x7b, 0xff, 0x7d])), 400, /UTF-8/)
    })

    test('what a web page can send without being asked is refused', async () => {
      await assertRefused(await post('/run/acme', '{}', { 'content-type': 'text/plain' }), 400, /content type/)
      await assertRefused(
        await post('/run/acme', '{}', { ...json, origin: 'https://evil.example' }),
        403,
        /other sites/,
      )
    })

    test('a name that somebody has pointed at this machine is none of its own', async () => {
      const { hostname, port } = new URL(service.url)
      const request = sendRequest({
        hostname,
        port,
        path: '/run/acme',
        method: 'POST',
        headers: { host: 'evil.example' },
      })
      const [response] = (await once(request.end(), 'response')) as [IncomingMessage]
      assert.equal(response.resume().statusCode, 403)
    })

    test('a body over 1 MiB answers 413', async () => {
      const body = JSON.stringify({ connector: 'acme', padding: 'x'.repeat(1024 * 1024) })
      await assertRefused(await post('/', body), 413, /1024 KiB/)
      await assertRefused(await post('/', Buffer.alloc(3 * 1024 * 1024, 32)), 413, /1024 KiB/)
    })

    test('an endless body answers 413 too, without being read to its end', async () => {
      const { hostname, port } = new URL(service.url)
      const socket = connect(Number(port), hostname)
      socket.on('error', () => undefined)
      socket.write(
        'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n',
      )
      const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`
      const timer = setInterval(() => socket.write(chunk), 2)
      let answer = ''
      socket.setEncoding('utf8').on('data', (text: string) => (answer += text))
      await once(socket, 'close')
      clearInterval(timer)
      assert.match(answer, /^HTTP\/1\.1 413 /)
    })

    test('a wrong method answers 405 and names the right one', async () => {
      for (const [method, path, allow] of [
        ['DELETE', '/', 'GET, HEAD, POST'],
        ['GET', '/run/acme', 'POST'],
        ['POST', '/runs/0', 'GET, HEAD'],
        ['PUT', '/run/acme', 'POST'],
        ['POST', '/status.json', 'GET, HEAD'],
        ['DELETE', '/healthz', 'GET, HEAD'],
      ] as const) {
        const response = await fetch(service.url + path, { method })
        assert.equal(response.headers.get('allow'), allow)
        await assertRefused(response, 405, new RegExp(method))
      }
    })

    test('GET / shows the status page under a strict content security policy', async () => {
      const response = await fetch(service.url)
      assert.equal(response.status, 200)
      assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
      assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/)
      assert.match(await response.text(), /acme/)
    })

    test('GET /runs/ID shows one run, and 404 where there is none', async () => {
      const { run_id: id } = (await (await post('/run/acme')).json()) as RunRecord
      const response = await fetch(`${service.url}/runs/${id}`)
      assert.equal(response.status, 200)
      assert.ok((await response.text()).includes(id))
      await assertRefused(await fetch(`${service.url}/runs/00000000-0000-4000-8000-000000000000`), 404, /no such run/)
    })

    test('an unknown path answers 404', async () => {
      await assertRefused(await fetch(`${service.url}/nowhere`), 404, /POST \/run\/NAME/)
      await assertRefused(await post('/run/acme/orders'), 404, /POST \/run\/NAME/)
    })

    test('GET /status.json tells runs and positions of every connector, the wrong ones among them', async () => {
      await post('/run/acme')
      const response = await fetch(`${service.url}/status.json`)
      const { connectors } = (await response.json()) as StatusReport
      assert.deepEqual(
        connectors.map(({ connector, error }) => [connector, error?.code]),
        [
          ['acme', undefined],
          ['broken', undefined],
          ['wrong', 'CONFIG_INVALID'],
        ],
      )
      assert.equal(connectors[0]?.streams[0]?.stream, 'orders')
      assert.equal(connectors[0]?.runs[0]?.trigger, 'http')
    })
  })
}

suite('the function and its signals', () => {
  for (const [name, start] of [
    ['under the functions framework', startFunction],
    ['by headrace serve', startServe],
  ] as const) {
    test(`SIGTERM ${name} commits what was read, answers 202 with the record, and ends with 0`, async () => {
      using dir = makeTempDir()
      const reached = Promise.withResolvers<void>()
      await using api = await startApi((request, response) => {
        const page = Number(new URL(request.url ?? '/', 'http://x').searchParams.get('page'))
        if (page <= 5) return servePages(30)(request, response)
        reached.resolve()
        setTimeout(() => servePages(30)(request, response), 400)
      })
      dir.write('acme.yaml', connectorText(api.url))
      await using service = await start({ cwd: dir.path, env: { HEADRACE_CONNECTORS: dir.path } })
      const answered = fetch(`${service.url}/run/acme`, { method: 'POST' })
      await reached.promise
      const ended = once(service.child, 'close')
      service.child.kill('SIGTERM')
      const response = await answered
      assert.equal(response.status, 202)
      const record = (await response.json()) as RunRecord
      assert.equal(record.status, 'handed_over')
      assert.ok((record.streams[0]?.rows ?? 0) >= 50)
      assert.deepEqual(await ended, [0, null])
    })
  }

  test('every line of its log has a severity, and none holds a secret', async () => {
    using dir = makeTempDir()
    await using api = await startApi((request, response) =>
      sendJson(response, 403, { error: `no ${request.headers.authorization}` }),
    )
    dir.write('acme.yaml', connectorText(api.url, 'auth: { type: bearer, token: env:ACME_TOKEN }\n'))
    const env = {
      HEADRACE_CONNECTORS: dir.path,
      HEADRACE_LOG_LEVEL: 'trace',
      ACME_TOKEN: 'sEcr3t-0f-acme',
      K_SERVICE: 'x',
    }
    await using service = await startFunction({ cwd: dir.path, env })
    const body = await (await fetch(`${service.url}/run/acme`, { method: 'POST' })).text()
    const lines = service.stderr().trimEnd().split('\n')
    assert.ok(lines.length > 0)
    for (const line of lines) assert.match((JSON.parse(line) as { severity: string }).severity, /^[A-Z]+$/)
    assert.ok(!(body + service.stderr()).includes('sEcr3t-0f-acme'))
  })

  test('a variable that makes no sense is told to every caller, and /healthz still answers', async () => {
    using dir = makeTempDir()
    await using service = await startFunction({ cwd: dir.path, env: { HEADRACE_BUDGET_SECONDS: 'soon' } })
    const response = await fetch(`${service.url}/run/acme`, { method: 'POST' })
    assert.equal(response.status, 500)
    assert.match(((await response.json()) as Refusal).error.message, /HEADRACE_BUDGET_SECONDS/)
    assert.equal((await fetch(`${service.url}/healthz`)).status, 200)
  })
})
