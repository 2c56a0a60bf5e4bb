import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { SMTPServer } from 'smtp-server'
import type { Alert } from '../../src/alerts/message.ts'
import { makeTempDir, sendJson, startApi } from '../cli/support.ts'
import { day, hour, runAt } from '../status/support.ts'

const start = Date.parse('2026-11-01T06:00:00Z')

interface Desk {
  /** What the API answers from now on: rows, or a status. */
  answer: number | { readonly status: number }
  readonly alerts: Alert[]
  /** Statuses of the webhook's next answers; 200 afterwards. */
  readonly webhook: number[]
  readonly url: string
  readonly run: (at: number, env?: Record<string, string>) => ReturnType<typeof runAt>
}

async function withDesk(rest: string, task: (desk: Desk) => Promise<void>): Promise<void> {
  using dir = makeTempDir()
  const alerts: Alert[] = []
  const webhook: number[] = []
  await using hook = await startApi((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      const status = webhook.shift() ?? 200
      if (status === 200) alerts.push(JSON.parse(text) as Alert)
      response.writeHead(status).end()
    })
  })
  await using api = await startApi((_, response) => {
    const { answer } = desk
    if (typeof answer !== 'number') return sendJson(response, answer.status, { error: 'no' })
    sendJson(response, 200, { data: Array.from({ length: answer }, (_unused, id) => ({ id })) })
  })
  dir.write(
    'acme.yaml',
    `name: acme
base_url: ${api.url}
retry: { attempts: 1 }
${rest}streams:
  - { name: orders, path: /orders, rows: "$.data[*]", write: append }
`,
  )
  const plain = {
    HEADRACE_DESTINATION: `duckdb:${join(dir.path, 'a.duckdb')}`,
    HEADRACE_ALERTS: `${hook.url}/services/T0/B0/hook-canary`,
  }
  const desk: Desk = {
    answer: 3,
    alerts,
    webhook,
    url: hook.url,
    run: (at, env = {}) => runAt(at, 'acme', { dir: dir.path, env: { ...plain, ...env } }),
  }
  await task(desk)
}

suite('alerts', () => {
  test('a failure is told once while it lasts, and its end is told', () =>
    withDesk('', async (desk) => {
      await desk.run(start)
      assert.equal(desk.alerts.length, 0)
      desk.answer = { status: 403 }
      const failed = await desk.run(start + hour)
      await desk.run(start + 2 * hour)
      assert.equal(desk.alerts.length, 1)
      const [alert] = desk.alerts
      assert.deepEqual(
        [alert?.version, alert?.status, alert?.connector, alert?.run_id],
        [1, 'failing', 'acme', failed.run_id],
      )
      assert.deepEqual(
        alert?.changes.map(({ kind, stream, code }) => [kind, stream, code]),
        [['failed', 'orders', 'API_REFUSED']],
      )
      assert.match(alert?.text ?? '', /What to do/)
      desk.answer = 3
      await desk.run(start + 3 * hour)
      await desk.run(start + 4 * hour)
      assert.deepEqual(
        desk.alerts.map(({ status }) => status),
        ['failing', 'recovered'],
      )
    }))

  test('a stream that brings nothing for longer than its expectation is told once, and its first rows', () =>
    withDesk('expect: { every: P1D, min_rows: 2 }\n', async (desk) => {
      desk.answer = 0
      await desk.run(start)
      assert.equal(desk.alerts.length, 0)
      desk.answer = 2
      await desk.run(start + hour)
      desk.answer = 0
      for (const hours of [12, 24]) await desk.run(start + hours * hour)
      assert.equal(desk.alerts.length, 0)
      await desk.run(start + 26 * hour)
      await desk.run(start + 28 * hour)
      assert.deepEqual(
        desk.alerts.map(({ changes }) => changes.map(({ kind }) => kind)),
        [['empty']],
      )
      desk.answer = 2
      await desk.run(start + 30 * hour)
      assert.deepEqual(
        desk.alerts.map(({ status }) => status),
        ['failing', 'recovered'],
      )
    }))

  test('a run that cannot start at all is told as one thing', () =>
    withDesk('auth: { type: bearer, token: env:NOT_THERE }\n', async (desk) => {
      await desk.run(start)
      await desk.run(start + day)
      assert.equal(desk.alerts.length, 1)
      assert.deepEqual(
        desk.alerts[0]?.changes.map(({ kind, stream, code }) => [kind, stream, code]),
        [['failed', undefined, 'SECRET_MISSING']],
      )
    }))

  test('a failure of a destination that cannot be opened is told once in a process', () =>
    withDesk('', async (desk) => {
      const record = await desk.run(start, { HEADRACE_DESTINATION: `duckdb:${import.meta.filename}/a.duckdb` })
      assert.equal(record.status, 'failed')
      assert.equal(desk.alerts.length, 1)
    }))

  test('a webhook that is down for a moment is tried again; one that stays down fails nothing', () =>
    withDesk('', async (desk) => {
      desk.answer = { status: 403 }
      desk.webhook.push(503)
      await desk.run(start)
      assert.equal(desk.alerts.length, 1)
      desk.answer = 3
      desk.webhook.push(404)
      assert.equal((await desk.run(start + hour)).status, 'complete')
      assert.equal(desk.alerts.length, 1)
    }))

  test('an address that makes no sense fails no run, and a reference to a secret is resolved', () =>
    withDesk('', async (desk) => {
      assert.equal((await desk.run(start, { HEADRACE_ALERTS: 'http://example.com/hook, nonsense' })).status, 'complete')
      desk.answer = { status: 403 }
      assert.equal(
        (await desk.run(start + hour, { HEADRACE_ALERTS: 'nonsense' })).streams[0]?.error?.code,
        'API_REFUSED',
      )
      desk.answer = 3
      await desk.run(start + 2 * hour, { HEADRACE_ALERTS: 'env:HOOK', HOOK: `${desk.url}/a ${desk.url}/b` })
      assert.deepEqual(
        desk.alerts.map(({ status }) => status),
        ['recovered', 'recovered'],
      )
    }))

  test('warnings are told once while they last where that is asked for, and not otherwise', () =>
    withDesk('', async (desk) => {
      desk.answer = 100
      await desk.run(start)
      assert.equal(desk.alerts.length, 0)
      desk.answer = 3
      const on = { HEADRACE_ALERTS_ON: 'failures,warnings' }
      await desk.run(start + hour, on)
      desk.answer = 100
      await desk.run(start + 2 * hour, on)
      await desk.run(start + 3 * hour, on)
      desk.answer = { status: 403 }
      await desk.run(start + 4 * hour, on)
      desk.answer = 3
      await desk.run(start + 5 * hour, on)
      assert.deepEqual(
        desk.alerts.map(({ status, changes: [change] }) => [status, change?.kind, change?.code]),
        [
          ['recovered', 'recovered', undefined],
          ['warning', 'warned', 'LISTING_IN_DOUBT'],
          ['failing', 'failed', 'API_REFUSED'],
          ['recovered', 'recovered', undefined],
        ],
      )
      assert.match(desk.alerts[1]?.text ?? '', /^acme \/ orders is complete, but in doubt: LISTING_IN_DOUBT: /)
    }))

  test('a word in HEADRACE_ALERTS_ON that is not known keeps no failure from being told', () =>
    withDesk('', async (desk) => {
      desk.answer = { status: 403 }
      await desk.run(start, { HEADRACE_ALERTS_ON: 'everything' })
      assert.equal(desk.alerts.length, 1)
    }))

  test("the connector's own alerts are told too", () =>
    withDesk('alerts: [env:OWN_HOOK]\n', async (desk) => {
      desk.answer = { status: 403 }
      await desk.run(start, { HEADRACE_ALERTS: '', OWN_HOOK: `${desk.url}/own` })
      assert.equal(desk.alerts.length, 1)
    }))

  test('an alert goes out by mail to every address, with its subject and what to do', () =>
    withDesk('', async (desk) => {
      const mails: { to: string[]; text: string; user: string | undefined }[] = []
      const server = new SMTPServer({
        authOptional: false,
        allowInsecureAuth: true,
        disabledCommands: ['STARTTLS'],
        onAuth: (auth, _session, callback) => callback(null, { user: `${auth.username}:${auth.password}` }),
        onData: (stream, session, callback) => {
          let text = ''
          stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
          stream.on('end', () => {
            mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text, user: String(session.user) })
            callback()
          })
        },
      })
      const listening = once(server.server, 'listening')
      server.listen(0, '127.0.0.1')
      await listening
      try {
        const { port } = server.server.address() as AddressInfo
        const url = `smtp://ann:p%40ss@127.0.0.1:${port}?from=headrace@example.com&to=a@example.com,b@example.com`
        desk.answer = { status: 403 }
        await desk.run(start, { HEADRACE_ALERTS: url })
      } finally {
        await new Promise<void>((resolve) => server.close(() => resolve()))
      }
      assert.deepEqual(
        mails.map(({ to, user }) => [to, user]),
        [[['a@example.com', 'b@example.com'], 'ann:p@ss']],
      )
      assert.match(mails[0]?.text ?? '', /Subject: headrace: acme \/ orders needs attention/)
      assert.match(mails[0]?.text ?? '', /API_REFUSED/)
    }))
})
