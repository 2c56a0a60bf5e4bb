import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type ConnectorInput, SyncError, check, defineConnector, preview, run, status } from '../src/api.ts'
import { connectorText, makeTempDir, pageOf, sendJson, servePages, startApi } from './cli/support.ts'

const inputOf = (url: string, rest: Partial<ConnectorInput> = {}): ConnectorInput => ({
  name: 'acme',
  base_url: url,
  retry: { attempts: 1 },
  streams: [{ name: 'orders', paginator: { type: 'page_number' }, rows: '$.data[*]', primary_key: ['id'] }],
  ...rest,
})

function thrownBy(action: () => unknown): SyncError {
  try {
    action()
  } catch (error) {
    if (error instanceof SyncError) return error
    throw error
  }
  return assert.fail('nothing was thrown')
}

suite('defineConnector', () => {
  test('tells every problem by its key, as there is no line', () => {
    const error = thrownBy(() =>
      defineConnector(
        inputOf('https://a.example', { timeout: 'soon', streams: [{ name: '1' }, { name: 'b', path: '' }] }),
      ),
    )
    assert.equal(error.code, 'CONFIG_INVALID')
    assert.match(error.message, /^connector acme: timeout: expected .*\nconnector acme: streams\[0\]\.name: expected /m)
    assert.doesNotMatch(error.message, /:\d+:\d+/)
  })

  test('refuses what JSON would leave out or change', () => {
    const never = (): void => undefined
    for (const [value, shown] of [
      [never, 'a function'],
      [Number.NaN, 'NaN'],
      [10n, 'a bigint'],
    ] as const) {
      const config = { ...inputOf('https://a.example'), timeout: value } as unknown as ConnectorInput
      const { code, message } = thrownBy(() => defineConnector(config))
      assert.equal(code, 'CONFIG_INVALID')
      assert.ok(message.includes('timeout: expected plain data') && message.includes(shown), message)
    }
    const circle: Record<string, unknown> = { ...inputOf('https://a.example') }
    circle['headers'] = circle
    assert.match(thrownBy(() => defineConnector(circle as unknown as ConnectorInput)).message, /inside itself/)
  })

  test('is the only way to a connector that is no file', async () => {
    await assert.rejects(run({ name: 'acme' }), /not made by defineConnector/)
  })
})

suite('the functions for a program', () => {
  test('run a connector file by name as the command line does', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(2))
    dir.write('acme.yaml', connectorText(api.url))
    const options = { connectorsDir: dir.path, env: {}, destination: `duckdb:${dir.path}/w.duckdb` }
    const seen: number[] = []
    const record = await run('acme', { ...options, onProgress: ({ rows }) => void seen.push(rows) })
    assert.deepEqual([record.status, record.trigger, record.streams[0]?.rows], ['complete', 'api', 20])
    assert.equal(seen.at(-1), 20)
    for (const report of [await status('acme', options), await status(undefined, options)])
      assert.deepEqual(
        report.connectors.map(({ connector, runs }) => [connector, runs[0]?.run_id]),
        [['acme', record.run_id]],
      )
    await assert.rejects(status('acne', options), { code: 'CONNECTOR_NOT_FOUND' })
  })

  test('refuse a request that makes no sense before anything is read', async () => {
    await using api = await startApi(servePages(1))
    const acme = defineConnector(inputOf(api.url))
    await assert.rejects(run(acme, { env: {}, from: 1 }), { code: 'REQUEST_INVALID' })
    await assert.rejects(run(acme, { env: {}, from: 2, until: 1 }), /from lies after until/)
    await assert.rejects(run(acme, { env: {}, streams: ['order'] }), /did you mean orders/)
    await assert.rejects(check(acme, { env: {}, streams: ['order'] }), /did you mean orders/)
    assert.deepEqual(api.requests, [])
  })

  test('stop softly after the batch, and go on from there', async () => {
    using dir = makeTempDir()
    const soft = new AbortController()
    const serve = servePages(3)
    await using api = await startApi((request, response) => {
      if (request.url?.includes('page=2')) soft.abort()
      serve(request, response)
    })
    const acme = defineConnector(inputOf(api.url))
    const options = { env: {}, destination: `duckdb:${dir.path}/w.duckdb` }
    const stopped = await run(acme, { ...options, stop: { soft: soft.signal } })
    assert.equal(stopped.status, 'handed_over')
    const rest = await run(acme, options)
    assert.equal(rest.status, 'complete')
    assert.equal((stopped.streams[0]?.rows ?? 0) + (rest.streams[0]?.rows ?? 0), 30)
  })

  test('take secrets from env alone, and show them nowhere', async () => {
    const token = 'tok-4f9a1c77be52'
    let nested: unknown = token
    for (let depth = 0; depth < 20; depth++) nested = { inner: nested }
    await using api = await startApi((request, response) =>
      request.headers.authorization === `Bearer ${token}`
        ? sendJson(response, 200, { data: [{ ...pageOf(1)[0], nested }] })
        : sendJson(response, 401, { error: 'who?' }),
    )
    const acme = defineConnector(inputOf(api.url, { auth: { type: 'bearer', token: 'env:ACME_TOKEN' } }))
    const env = { ACME_TOKEN: token }
    const { rows } = await preview(acme, 'orders', { env })
    const text = JSON.stringify(rows)
    assert.ok(!text.includes(token), text)
    assert.equal(text.match(/inner/g)?.length, 20, 'what lies deep is there')
    const { sign_in: signIns, streams } = await check(acme, { env: {} })
    assert.deepEqual([signIns[0]?.ok, signIns[0]?.failed_at], [false, 'secrets'])
    assert.equal(streams[0]?.error?.code, 'SECRET_MISSING')
    await assert.rejects(preview(acme, 'orders', { env: {} }), { code: 'SECRET_MISSING' })
  })

  test('log nothing but to who asks', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(1))
    const acme = defineConnector(inputOf(api.url))
    const lines: string[] = []
    const options = { env: {}, destination: `duckdb:${dir.path}/w.duckdb`, logLevel: 'debug' } as const
    await run(acme, { ...options, writeLog: (line) => void lines.push(line) })
    assert.ok(lines.length > 0)
    for (const line of lines) assert.equal(typeof (JSON.parse(line) as { message: string }).message, 'string')
  })
})
