import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { type Api, type Ended, makeTempDir, runCli, sendJson, startApi } from '../cli/support.ts'
import { findLeaks, readTree } from '../support/leaks.ts'
import { startServe } from '../triggers/support.ts'

// A provider repeats the credential in places that become names, records, checkpoints and messages. Nothing that the
// program writes may hold it: no table of bookkeeping, no page, no trace, no alert, no answer, no output of any command.

const secret = 'Kq7-canary_echo/9fW2+xTz=Lm4pQ'
const tenantKey = 'tenantCanary.5hB8~rVn2'

interface Desk {
  readonly run: (...args: readonly string[]) => Promise<Ended>
  readonly query: (sql: string) => Promise<readonly Record<string, unknown>[]>
  /** The answers of the API from now on, by page. */
  answer: (page: number, seen: string) => { readonly status?: number; readonly headers?: object; readonly body: object }
  readonly requests: readonly string[]
}

/** Everything that gets out of a task is searched, in whatever file, output, request or page it stands. */
async function keepsQuiet(stream: string, destination: 'duckdb' | 'files', task: (desk: Desk) => Promise<void>) {
  using dir = makeTempDir()
  const told: string[] = []
  const listen = () =>
    startApi((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => void told.push(text))
      request.on('end', () => sendJson(response, 200, {}))
    })
  await using collector = await listen()
  await using hook = await listen()
  const seen: string[] = []
  await using api: Api = await startApi((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    seen.push(`${request.url} ${JSON.stringify(request.headers)}`)
    const { status = 200, headers = {}, body } = desk.answer(Number(url.searchParams.get('page') ?? 1), url.search)
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  })
  const to = destination === 'duckdb' ? `duckdb:${dir.path}/w.duckdb` : `files:${dir.path}/out`
  dir.write(
    'api.yaml',
    [
      'name: api',
      `base_url: ${api.url}`,
      'auth: { type: bearer, token: "env:SECRET" }',
      'headers: { X-Tenant: "{{ env.TENANT_KEY }}" }',
      'retry: { attempts: 1 }',
      'alerts: ["env:HOOK"]',
      'streams:',
      `  - { name: rows, path: /rows, rows: $.data, ${stream} }`,
      '',
    ].join('\n'),
  )
  const env = {
    SECRET: secret,
    TENANT_KEY: tenantKey,
    HOOK: hook.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    HEADRACE_DESTINATION: to,
    HEADRACE_CONNECTORS: dir.path,
    TMPDIR: dir.path,
  }
  const cli = async (...args: readonly string[]): Promise<Ended> => {
    const ended = await runCli([...args, '--log-level', 'trace'], { cwd: dir.path, env })
    told.push(ended.stdout, ended.stderr)
    return ended
  }
  const desk: Desk = {
    answer: () => ({ body: { data: [] } }),
    requests: seen,
    run: (...args) => cli('run', 'api.yaml', '--json', ...args),
    async query(sql) {
      const instance = await DuckDBInstance.create(`${dir.path}/w.duckdb`)
      const connection = await instance.connect()
      const rows = await connection.runAndReadAll(sql)
      connection.closeSync()
      instance.closeSync()
      return rows.getRowObjectsJson()
    },
  }
  await task(desk)
  await cli('status', 'api.yaml', '--json')
  await cli('status', 'api.yaml', '--html', 'status.html')
  await cli('state', 'show', 'api.yaml', 'rows', '--json')
  await using served = await startServe({ cwd: dir.path, env: { ...env, K_SERVICE: 'etl' } })
  for (const path of ['/', '/api+status', '/+status']) {
    const init = path === '/' ? { method: 'POST', body: JSON.stringify({ connector: 'api' }) } : {}
    const headers = { accept: 'application/json', 'content-type': 'application/json' }
    const answer = await fetch(`${served.url}${path}`, { ...init, headers })
    told.push(await answer.text(), served.stderr())
  }
  assert.ok(
    told.some((text) => text.includes('resourceSpans')),
    'a trace was exported',
  )
  for (const canary of [secret, tenantKey]) {
    for (const text of told) assert.deepEqual(findLeaks(canary, text), [], text)
    for (const { path, bytes } of readTree(dir.path)) assert.deepEqual(findLeaks(canary, bytes), [], path)
  }
}

const row = (id: number) => ({ id, at: `2026-01-0${id}T00:00:00Z` })

suite('a secret that the provider repeats', { concurrency: 2 }, () => {
  for (const destination of ['duckdb', 'files'] as const) {
    test(`as the name of a new field stays out of what is written beside a frozen table (${destination})`, async () => {
      await keepsQuiet('schema: freeze', destination, async (desk) => {
        desk.answer = () => ({ body: { data: [row(1)] } })
        assert.equal((await desk.run()).code, 0)
        desk.answer = () => ({ body: { data: [{ ...row(2), [`for ${secret}`]: 1 }] } })
        assert.match((await desk.run()).stdout, /SCHEMA_FROZEN[^]*a new field for \[secret\]/)
      })
    })

    test(`as the name of a field refuses the row, without the secret (${destination})`, async () => {
      await keepsQuiet('primary_key: [id], write: append', destination, async (desk) => {
        desk.answer = () => ({ body: { data: [row(1), { ...row(2), [secret]: secret }] } })
        const { streams } = JSON.parse((await desk.run()).stdout) as { streams: { rows: number; rejected: number }[] }
        assert.deepEqual([streams[0]?.rows, streams[0]?.rejected], [1, 1])
      })
    })
  }

  test('as a cursor refuses the row, so that no checkpoint holds it', async () => {
    await keepsQuiet('primary_key: [id], incremental: { cursor: at, format: text }', 'duckdb', async (desk) => {
      desk.answer = () => ({ body: { data: [row(1), { id: 2, at: `z${secret}` }] } })
      await desk.run()
      assert.deepEqual(await desk.query('SELECT count(*) AS n FROM api.rows'), [{ n: '1' }])
    })
  })

  test('in a page token is sealed in the checkpoint, and the listing goes on from there', async () => {
    const paging = 'paginator: { type: cursor, path: $.next, param: after }, primary_key: [id], write: append'
    await keepsQuiet(paging, 'duckdb', async (desk) => {
      const tokens = ['', `1 ${secret}`, `2 ${secret}`]
      desk.answer = (_, search) => {
        const at = tokens.indexOf(new URLSearchParams(search).get('after') ?? '')
        return { body: { data: [row(at + 1)], next: tokens[at + 1] ?? null } }
      }
      await desk.run('--limit', '1')
      const [commit] = await desk.query('SELECT checkpoint FROM api._headrace_commits')
      assert.match(String(commit?.['checkpoint']), /"sealed":"[^"]/)
      const before = desk.requests.length
      assert.equal((await desk.run()).code, 0)
      assert.ok(desk.requests.slice(before).every((request) => request.includes('after=')))
      assert.deepEqual(await desk.query('SELECT id FROM api.rows ORDER BY id'), [{ id: '1' }, { id: '2' }, { id: '3' }])
    })
  })

  for (const [where, answer] of Object.entries({
    'in the body of an error': () => ({ status: 400, body: { message: `no such key: ${secret} of ${tenantKey}` } }),
    'twice encoded in a redirect': () => ({
      status: 302,
      headers: { location: `http://localhost:1/?k=${encodeURIComponent(encodeURIComponent(secret))}` },
      body: {},
    }),
    'cut off in the body of an error': () => ({ status: 403, body: { error: `unknown ${secret.slice(0, 14)}...` } }),
    'in a value that the schema refuses': () => ({ body: { data: [{ id: { of: secret } }, { id: 1 }] } }),
  })) {
    test(`${where} stays out of everything`, async () => {
      await keepsQuiet('primary_key: [id]', 'duckdb', async (desk) => {
        desk.answer = answer
        assert.equal((await desk.run()).code, 1)
      })
    })
  }
})
