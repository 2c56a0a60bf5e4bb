import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import * as faults from '../support/faults.ts'
import { findLeaks, readTree } from '../support/leaks.ts'
import { makeRows, startProvider } from '../support/provider.ts'
import { connectorText, createWorkspace, type Workspace } from '../support/workspace.ts'

// Every credential is a canary: it must turn up in no output at any log level, and in no file that a run leaves.

const secret = 'canary/Wd9+fQ~7x=Lk&2rT'
const accessToken = 'canaryToken-8Vb2.Hq_51xZ~pWs'

test('a canary is found in each spelling that it might get out in', () => {
  for (const text of [
    secret,
    encodeURIComponent(secret),
    btoa(secret),
    btoa(`me:${secret}`),
    btoa(`abc${secret}xyz`),
    btoa(`me:${encodeURIComponent(secret)}`),
    JSON.stringify({ secret }),
  ]) {
    assert.notDeepEqual(findLeaks(secret, `before ${text} after`), [], text)
  }
  assert.deepEqual(findLeaks(secret, 'canary [secret] canary/Wd9'), [])
})

suite('a credential', { concurrency: 2 }, () => {
  const oauth = (tokenUrl: string, place: string) => [
    `auth: { type: oauth2_client_credentials, token_url: "${tokenUrl}", client_id: me, client_secret: "env:SECRET", client_auth: ${place} }`,
  ]

  for (const place of ['basic', 'post']) {
    test(`sent by ${place} to a token endpoint that repeats it in its refusal is not repeated by us`, async () => {
      await using tokens = await startTokenEndpoint(({ response, body, authorization }) => {
        const words = `we do not know ${authorization} nor ${decodeURIComponent(body)} nor ${body}`
        response.writeHead(401, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ error: 'invalid_client', error_description: words }))
      })
      await using provider = await startProvider({ rows: makeRows(3), pageSize: 10 })
      using space = createWorkspace({ SECRET: secret })
      space.writeConnector(connectorText(provider.url, { more: oauth(tokens.url, place) }))
      assert.equal(await failure(space), 'AUTH_FAILED')
      assert.deepEqual(provider.received, [])
    })
  }

  test('of an API that refuses each token is renewed once, and neither it nor the token is repeated', async () => {
    let given = 0
    await using tokens = await startTokenEndpoint(({ response }) => {
      const token = `${accessToken}${++given}`
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 3600 }))
    })
    await using provider = await startProvider({ rows: makeRows(3), pageSize: 10 })
    provider.setFault(() => faults.status(401))
    using space = createWorkspace({ SECRET: secret })
    space.writeConnector(connectorText(provider.url, { more: oauth(tokens.url, 'basic') }))
    assert.equal(await failure(space), 'AUTH_REJECTED')
    const sent = provider.received.map(({ headers }) => headers.authorization)
    const runs = Math.floor(given / 2)
    assert.equal(sent.length, 2 * runs)
    assert.deepEqual(
      sent,
      Array.from({ length: given }, (_, at) => `Bearer ${accessToken}${at + 1}`),
    )
  })

  for (const [what, answer] of Object.entries({
    'is down': ({ response }: TokenRequest) => response.writeHead(500).end(`${accessToken}`),
    'answers HTML': ({ response }: TokenRequest) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<p>${accessToken}`),
  })) {
    test(`for a token endpoint that ${what} fails in a sentence`, async () => {
      await using tokens = await startTokenEndpoint(answer)
      await using provider = await startProvider({ rows: makeRows(3), pageSize: 10 })
      using space = createWorkspace({ SECRET: secret })
      space.writeConnector(connectorText(provider.url, { more: oauth(tokens.url, 'basic') }))
      assert.match(await failure(space), /^AUTH_(UNAVAILABLE|FAILED)$/)
    })
  }

  test('in the query is taken out of next links before they are saved', async () => {
    const auth = [`auth: { type: api_key, in: query, name: key, value: "env:SECRET" }`]
    await using provider = await startProvider({ rows: makeRows(40), pageSize: 10, style: 'link_body', delay: 200 })
    using space = createWorkspace({ SECRET: secret })
    space.writeConnector(
      connectorText(provider.url, { more: auth, stream: ['paginator: { type: link_body, path: $.next }'] }),
    )
    const cut = await space.run('--log-level', 'trace', '--budget', '0.5')
    assert.equal(cut.code, 3, cut.stderr)
    assertNoLeak(space, `${cut.stdout}${cut.stderr}`)
    const done = await space.run()
    assert.equal(done.code, 0, done.stderr)
    assert.equal((await space.count()).rows, 40)
    const keys = provider.received.map(({ url }) => new URL(url, provider.url).searchParams.getAll('key'))
    assert.ok(
      keys.every((found) => found.length === 1 && found[0] === secret),
      'each request carries the key once',
    )
  })

  for (const [kind, auth] of Object.entries({
    'a query': 'type: api_key, in: query, name: key, value: "env:SECRET"',
    'a header': 'type: api_key, in: header, name: x-api-key, value: "env:SECRET"',
    'a cookie': 'type: api_key, in: cookie, name: session, value: "env:SECRET"',
    basic: 'type: basic, username: me, password: "env:SECRET"',
  })) {
    test(`in ${kind} that the API repeats in its refusal is not repeated by us`, async () => {
      await using provider = await startProvider({ rows: makeRows(3), pageSize: 10 })
      provider.setFault(() => ({ received, response }) => {
        response.writeHead(403, { 'content-type': 'application/json', 'x-said': 'no' })
        response.end(JSON.stringify({ error: { message: `no: ${received.url} ${JSON.stringify(received.headers)}` } }))
      })
      using space = createWorkspace({ SECRET: secret })
      space.writeConnector(connectorText(provider.url, { more: [`auth: { ${auth} }`] }))
      assert.equal(await failure(space), 'API_REFUSED')
      assert.equal(provider.received.length > 0, true)
    })
  }

  test('that is missing is named, with its stream, before any request', async () => {
    await using provider = await startProvider({ rows: makeRows(3), pageSize: 10 })
    using space = createWorkspace()
    space.writeConnector(connectorText(provider.url, { more: ['auth: { type: bearer, token: "env:API_TOKEN" }'] }))
    const { code, stderr } = await space.start().result
    assert.equal(code, 2)
    assert.match(stderr, /API_TOKEN.*stream rows of api\.yaml/)
    assert.equal((await space.run()).error?.code, 'SECRET_MISSING')
    assert.deepEqual(provider.received, [])
  })
})

/** Runs at trace level and again plainly, sees that both fail and say nothing secret, and gives the error's code. */
async function failure(space: Workspace): Promise<string> {
  for (const args of [[], ['--log-level', 'debug'], ['--log-level', 'trace']]) {
    const { code, stdout, stderr } = await space.start(...args).result
    assert.equal(code, 1, stderr)
    assertNoLeak(space, `${stdout}${stderr}`)
  }
  const { error } = await space.run()
  return error?.code ?? 'none'
}

function assertNoLeak({ dir }: Workspace, output: string): void {
  for (const canary of [secret, accessToken]) {
    assert.deepEqual(findLeaks(canary, output), [], `a secret in the output: ${output}`)
    for (const { path, bytes } of readTree(dir)) assert.deepEqual(findLeaks(canary, bytes), [], `a secret in ${path}`)
  }
}

interface TokenRequest {
  readonly response: ServerResponse
  readonly body: string
  readonly authorization: string
}

async function startTokenEndpoint(
  answer: (request: TokenRequest) => unknown,
): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((request: IncomingMessage, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => answer({ response, body, authorization: request.headers.authorization ?? 'none' }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
