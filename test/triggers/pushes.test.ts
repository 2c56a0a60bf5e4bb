import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { StatusReport } from '../../src/status/status-report.ts'
import type { RunRecord } from '../../src/destinations/run-record.ts'
import { type Api, type TempDir, connectorText, makeTempDir, sendJson, servePages, startApi } from '../cli/support.ts'
import { type Service, startService } from './in-process.ts'

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64')
let ids = 0
const nextId = (): string => `message-${(ids += 1)}`

suite('what is pushed at the function', () => {
  let dir: TempDir
  let api: Api
  let service: Service
  /** Of the answers that the API gives from now on. */
  let answer = servePages(3)

  before(async () => {
    dir = makeTempDir()
    api = await startApi((request, response) => answer(request, response))
    dir.write('acme.yaml', connectorText(api.url))
    dir.write('wrong.yaml', 'name: wrong\n')
    service = await startService({ HEADRACE_CONNECTORS: dir.path, HEADRACE_DESTINATION: `files:${dir.path}/out` })
  })
  after(async () => {
    await service?.[Symbol.asyncDispose]()
    await api?.[Symbol.asyncDispose]()
    dir?.[Symbol.dispose]()
  })

  const post = (body: object | string, headers: Record<string, string> = {}, path = '/'): Promise<Response> =>
    fetch(service.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const envelope = (messageId: string, wanted: object = { connector: 'acme' }) => ({
    message: { data: base64(wanted), messageId, publishTime: '2026-01-01T00:00:00Z' },
    subscription: 'projects/p/subscriptions/s',
  })
  const recordOf = async (response: Response): Promise<RunRecord> => {
    const text = await response.text()
    assert.ok([200, 202, 409, 502, 503].includes(response.status), text)
    return JSON.parse(text) as RunRecord
  }
  const runsSoFar = async (): Promise<readonly RunRecord[]> => {
    const report = (await (await fetch(`${service.url}/status.json`)).json()) as StatusReport
    return report.connectors.find(({ connector }) => connector === 'acme')?.runs ?? []
  }

  test('runs, and the record says what brought it', async () => {
    const message = await recordOf(await post(envelope(nextId())))
    assert.deepEqual([message.trigger, message.status], ['pubsub', 'complete'])
    const context = { 'ce-id': nextId(), 'ce-source': '/x', 'ce-type': 'acme.run', 'ce-specversion': '1.0' }
    assert.equal((await recordOf(await post({ connector: 'acme' }, context))).trigger, 'event')
    const structured = { specversion: '1.0', id: nextId(), source: '/x', type: 't', data: { connector: 'acme' } }
    const type = { 'content-type': 'application/cloudevents+json' }
    assert.equal((await recordOf(await post(structured, type))).trigger, 'event')
    const task = { 'x-cloudtasks-taskname': nextId() }
    assert.equal((await recordOf(await post({ connector: 'acme' }, task))).trigger, 'task')
    const unwrapped = { 'x-goog-pubsub-message-id': nextId(), 'content-type': 'application/octet-stream' }
    assert.equal((await recordOf(await post({ connector: 'acme' }, unwrapped))).trigger, 'pubsub')
    const path = await recordOf(await post({ message: { messageId: nextId() }, subscription: 's' }, {}, '/run/acme'))
    assert.equal(path.trigger, 'pubsub')
  })

  test('and delivered again is answered with the record of its one run, which is not done again', async () => {
    const scheduled = {
      'x-cloudscheduler': 'true',
      'x-cloudscheduler-jobname': nextId(),
      'x-cloudscheduler-scheduletime': new Date().toISOString(),
      'content-type': 'application/octet-stream',
    }
    const id = nextId()
    for (const send of [
      () => post(envelope(id)),
      () => post({ connector: 'acme' }, scheduled),
      () => post({ connector: 'acme' }, { 'x-cloudtasks-taskname': id, 'x-cloudtasks-queuename': 'q' }),
      () => post({ connector: 'acme' }, { 'ce-id': id, 'ce-source': '/x', 'ce-type': 't' }),
    ]) {
      const first = await recordOf(await send())
      const asked = api.requests.length
      assert.deepEqual(await recordOf(await send()), first)
      assert.equal(api.requests.length, asked)
      assert.equal((await runsSoFar()).filter(({ run_id: run }) => run === first.run_id).length, 1)
    }
  })

  test('by an account that delivers for nobody is not taken for what the scheduler will send', async () => {
    const token = (email: string): string => {
      const claims = { email, email_verified: true, iat: 1, exp: 2 }
      return `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.SIGNATURE_REMOVED_BY_GOOGLE`
    }
    const env = { K_SERVICE: 'etl', HEADRACE_CALLERS: 'call@acme.example,ann@acme.example=acme' }
    await using guarded = await startService({
      ...env,
      HEADRACE_DELIVERERS: 'call@acme.example',
      HEADRACE_CONNECTORS: dir.path,
      HEADRACE_DESTINATION: `files:${dir.path}/delivered`,
    })
    const execution = {
      'x-cloudscheduler-jobname': nextId(),
      'x-cloudscheduler-scheduletime': new Date().toISOString(),
    }
    const call = (email: string): Promise<Response> =>
      fetch(`${guarded.url}/run/acme`, { method: 'POST', headers: { ...execution, authorization: token(email) } })
    const invented = [await recordOf(await call('ann@acme.example')), await recordOf(await call('ann@acme.example'))]
    assert.deepEqual(
      invented.map(({ delivery }) => delivery),
      [undefined, undefined],
    )
    const genuine = await recordOf(await call('call@acme.example'))
    assert.ok(invented.every(({ run_id: run }) => run !== genuine.run_id))
    assert.deepEqual(await recordOf(await call('call@acme.example')), genuine)
  })

  test('and delivered again while it runs waits for that run', async () => {
    const gate = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    answer = (request, response) => {
      reached.resolve()
      gate.promise.then(() => servePages(3)(request, response)).catch(reached.reject)
    }
    const id = nextId()
    const asked = api.requests.length
    const first = post(envelope(id))
    await reached.promise
    const others = [post(envelope(id)), post(envelope(id))]
    // Their bodies are read while the run still waits for its first page.
    await runsSoFar()
    gate.resolve()
    const records = await Promise.all([first, ...others].map(async (one) => recordOf(await one)))
    answer = servePages(3)
    assert.equal(new Set(records.map(({ run_id: run }) => run)).size, 1)
    assert.equal(api.requests.slice(asked).filter((one) => /page=1$|orders$/.test(one)).length, 1)
  })

  test('is answered non-2xx where a later try may help, and then runs again', async () => {
    answer = (_, response) => sendJson(response, 503, { error: 'later' })
    const id = nextId()
    const failed = await post(envelope(id))
    assert.equal(failed.status, 503)
    answer = servePages(3)
    const again = await post(envelope(id))
    assert.deepEqual([again.status, (await recordOf(again)).status], [200, 'complete'])
  })

  test('is acknowledged and recorded where no try helps', async () => {
    answer = (_, response) => sendJson(response, 403, { error: 'never' })
    const response = await post(envelope(nextId()))
    answer = servePages(3)
    const record = await recordOf(response)
    assert.deepEqual([response.status, record.status, record.streams[0]?.error?.code], [200, 'failed', 'API_REFUSED'])
    assert.ok((await runsSoFar()).some(({ run_id: run }) => run === record.run_id))
    for (const [wanted, code] of [
      [{ connector: 'acne' }, 'CONNECTOR_NOT_FOUND'],
      [{ connector: 'wrong' }, 'CONFIG_INVALID'],
      [{ connector: 'acme', streams: ['none'] }, 'REQUEST_INVALID'],
      [{ connector: '../acme' }, 'REQUEST_INVALID'],
      [{}, 'REQUEST_INVALID'],
    ] as const) {
      const id = nextId()
      const acked = await post(envelope(id, wanted))
      assert.equal(acked.status, 200)
      assert.equal(((await acked.json()) as { error: { code: string } }).error.code, code)
      const line = service.log().trimEnd().split('\n').at(-1) ?? ''
      assert.deepEqual(
        [(JSON.parse(line) as { severity: string }).severity, line.includes(id), line.includes(code)],
        ['ERROR', true, true],
      )
      assert.ok((await post(wanted)).status >= 400, 'a plain call hears of it')
    }
  })
})
