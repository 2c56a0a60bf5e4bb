import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import * as faults from '../support/faults.ts'
import { findLeaks, readTree } from '../support/leaks.ts'
import { makeRows, type Received, startProvider } from '../support/provider.ts'
import { connectorText, createWorkspace, type Workspace } from '../support/workspace.ts'
import { json, startEndpoint, type Reply } from '../auth/token-endpoint.ts'

// Whole runs under the methods that sign or sign in: rows complete, and no secret, token or old signature in what is left.

const secret = 'canary/Wd9+fQ~7x=Lk&2rT'
const sessionToken = 'canaryToken-8Vb2.Hq_51xZ~pWs'
const listing = ['paginator: { type: link_body, path: $.next }']

function assertClean({ dir }: Workspace, output: string): void {
  for (const canary of [secret, sessionToken]) {
    assert.deepEqual(findLeaks(canary, output), [], output)
    for (const { path, bytes } of readTree(dir)) assert.deepEqual(findLeaks(canary, bytes), [], path)
  }
}

const paramsOf = ({ url }: Received): URLSearchParams => new URL(url, 'http://x').searchParams

suite('a signed run', { concurrency: 2 }, () => {
  test('goes on after a cut with signatures of its own: none is saved in a checkpoint or sent twice', async () => {
    const auth = [
      'auth:',
      '  - type: hmac',
      '    key: "env:SECRET"',
      '    headers: { X-Id: "env:SECRET" }',
      '    params: { nonce: "{{ nonce }}" }',
      '    template: "{{ method }}{{ target }}"',
      '    place: { in: query, name: sign }',
      '  - { type: api_key, in: query, name: key, value: "env:SECRET" }',
    ]
    await using provider = await startProvider({ rows: makeRows(40), pageSize: 10, style: 'link_body', delay: 200 })
    provider.setFault((received) => {
      const [, before = '', sign = ''] = /^(.*)&sign=([0-9a-f]{64})$/.exec(received.url) ?? []
      const good = sign === createHmac('sha256', secret).update(`GET${before}`).digest('hex')
      return good && paramsOf(received).getAll('nonce').length === 1 ? undefined : faults.status(401)
    })
    using space = createWorkspace({ SECRET: secret })
    space.writeConnector(connectorText(provider.url, { more: auth, stream: listing }))
    const process = space.start('--log-level', 'trace')
    provider.watch(({ page }) => {
      if (page === 3) process.kill('SIGINT')
    })
    const cut = await process.result
    const before = provider.received
    assert.equal(cut.code, 130, cut.stderr)
    assertClean(space, `${cut.stdout}${cut.stderr}`)
    const saved = await space.query('SELECT checkpoint FROM api._headrace_commits')
    assert.ok(JSON.stringify(saved).includes('/rows'), JSON.stringify(saved))
    assert.doesNotMatch(JSON.stringify(saved), /sign=|nonce=|key=/)
    provider.watch()
    const done = await space.run()
    assert.equal(done.code, 0, done.stderr)
    assert.equal((await space.count()).rows, 40)
    assert.ok(!provider.received.some(({ page }) => page === 1), 'the listing goes on where it was cut')
    const nonces = [...before, ...provider.received].map((received) => paramsOf(received).get('nonce'))
    assert.equal(new Set(nonces).size, nonces.length)
    assertClean(space, `${done.stdout}${done.stderr}`)
  })

  for (const place of ['in: query, name: sid', 'in: cookie, name: sid', 'name: X-Session']) {
    test(`renews its session in the middle and leaves no trace of it (${place})`, async (context) => {
      const replies = [1, 2, 3].map((at): Reply => json({ data: { token: `${sessionToken}${at}` } }))
      const endpoint = await startEndpoint(context, ...replies)
      await using provider = await startProvider({ rows: makeRows(40), pageSize: 10, style: 'link_body' })
      let good = 1
      provider.setFault((received) => {
        const { headers } = received
        const shown = [
          paramsOf(received).getAll('sid').join(),
          headers.cookie?.replace('sid=', ''),
          headers['x-session'],
        ]
        if (received.page === 3 && good === 1) good = 2
        return shown.some((token) => token === `${sessionToken}${good}`) ? undefined : faults.status(401)
      })
      using space = createWorkspace({ SECRET: secret })
      const request = `{ url: "${endpoint.url}", body: { user: me, password: "env:SECRET" } }`
      const auth = `auth: { type: login, request: ${request}, token: $.data.token, place: { ${place} } }`
      space.writeConnector(connectorText(provider.url, { more: [auth], stream: listing }))
      const run = await space.run('--log-level', 'trace')
      assert.equal(run.code, 0, run.stderr)
      assert.equal((await space.count()).rows, 40)
      assert.deepEqual([endpoint.requests.length, run.stream.retries, run.stream.requests], [2, 0, 5])
      assertClean(space, `${run.stdout}${run.stderr}`)
    })
  }

  test('fails at the sign-in in a sentence, without what was sent there', async (context) => {
    const endpoint = await startEndpoint(context, (response, request) => {
      response.writeHead(403, { 'content-type': 'application/json', 'x-sent': String(request.url) })
      response.end(JSON.stringify({ message: `not with ${secret} or ${encodeURIComponent(secret)}` }))
    })
    await using provider = await startProvider({ rows: makeRows(3), pageSize: 10 })
    using space = createWorkspace({ SECRET: secret })
    const request = `{ method: GET, url: "${endpoint.url}", params: { password: "env:SECRET" } }`
    const auth = `auth: { type: login, request: ${request}, token: $.token }`
    space.writeConnector(connectorText(provider.url, { more: [auth] }))
    const run = await space.run('--log-level', 'trace')
    assert.deepEqual([run.code, run.error?.code], [1, 'AUTH_FAILED'])
    assert.match(run.error?.message ?? '', /refused with 403: not with \[secret\] or \[secret\]/)
    assert.deepEqual(provider.received, [])
    assertClean(space, `${run.stdout}${run.stderr}`)
  })
})
