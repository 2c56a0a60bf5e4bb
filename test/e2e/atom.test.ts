import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { makeTempDir, runCli } from '../cli/support.ts'
import { skipOAuth1, startOAuth1 } from '../support/oauth1/provider.ts'
import { startOidc } from '../support/oidc.ts'

const pages = 4
const perPage = 25

/** A feed as Google's Data APIs gave it: four pages of entries, each with a link to the next, compressed. */
async function startFeed(mayRead: (request: IncomingMessage, url: string) => Promise<boolean>) {
  const requests: string[] = []
  const server = createServer((request, response) => {
    const origin = `http://${request.headers.host}`
    const url = new URL(request.url ?? '/', origin)
    const answer = (may: boolean): void => {
      requests.push(url.pathname + url.search)
      if (!may) return void response.writeHead(401).end()
      const start = Number(url.searchParams.get('start-index') ?? 1)
      const next = `${origin}/feeds/contacts?max-results=${perPage}&start-index=${start + perPage}&q=a%20b`
      const entries = Array.from({ length: perPage }, (_, at) => entryOf(start + at)).join('')
      const more = start + perPage <= pages * perPage
      const xml = `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005" xmlns:openSearch="http://a9.com/-/spec/opensearch/1.1/">
  <updated>2026-11-20T00:00:00Z</updated><link rel="self" href="${origin}/feeds/contacts"/>
  ${more ? `<link rel="next" type="application/atom+xml" href="${next.replaceAll('&', '&amp;')}"/>` : ''}
  <openSearch:totalResults>${pages * perPage}</openSearch:totalResults>${entries}
</feed>`
      response
        .writeHead(200, { 'content-type': 'application/atom+xml; charset=UTF-8', 'content-encoding': 'gzip' })
        .end(gzipSync(xml))
    }
    mayRead(request, url.href).then(answer, (thrown: Error) => response.destroy(thrown))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const entryOf = (id: number): string => `<entry gd:etag="&quot;e${id}&quot;"><id>c${String(id).padStart(4, '0')}</id>
  <updated>2026-11-${String((id % 20) + 1).padStart(2, '0')}T00:00:00Z</updated><title type="text">Zoë &amp; ${id}</title>
  ${'<gd:email address="a@example.com"/>'.repeat((id % 3) + 1)}</entry>`

/** Reads the feed into DuckDB by the command line, and checks that each entry is there once. */
async function readFeed(url: string, auth: string, env: Record<string, string>): Promise<void> {
  using dir = makeTempDir()
  const file = dir.write(
    'contacts.yaml',
    `name: contacts
base_url: ${url}
auth:
${auth}
streams:
  - name: entries
    path: /feeds/contacts
    params: { max-results: ${perPage} }
    format: xml
    primary_key: [id]
`,
  )
  const database = join(dir.path, 'c.duckdb')
  const { code, stdout, stderr } = await runCli(['run', file, '--to', `duckdb:${database}`, '--json'], { env })
  assert.equal(code, 0, stdout + stderr)
  for (const secret of Object.values(env)) assert.ok(!`${stdout}${stderr}`.includes(secret))
  const instance = await DuckDBInstance.create(database)
  const connection = await instance.connect()
  const read = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson()
  const table = 'contacts.entries'
  assert.deepEqual(await read(`SELECT count(*)::INT, count(DISTINCT id)::INT, min(id) FROM ${table}`), [
    [pages * perPage, pages * perPage, 'c0001'],
  ])
  connection.closeSync()
  instance.closeSync()
}

suite('a Google Data feed', () => {
  test('is read whole under OAuth 2.0, with a token of several scopes', async () => {
    const scopes = ['https://www.example.com/m8/feeds/', 'https://www.example.com/calendar/feeds/']
    const client = { client_id: 'feeds', client_secret: 'canary-of-the-client', scope: scopes.join(' ') }
    await using oidc = await startOidc({ clients: [client], scopes })
    await using feed = await startFeed(async (request) => {
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
      const given = token === undefined ? undefined : await oidc.find(token)
      return scopes.every((scope) => given?.scope?.split(' ').includes(scope) ?? false)
    })
    await readFeed(
      feed.url,
      `  type: oauth2_client_credentials
  token_url: ${oidc.tokenUrl}
  client_id: feeds
  client_secret: env:CLIENT_SECRET
  scopes: [${scopes.map((scope) => JSON.stringify(scope)).join(', ')}]`,
      { CLIENT_SECRET: 'canary-of-the-client' },
    )
    assert.equal(feed.requests.length, pages)
    assert.equal(oidc.requests, 1)
  })

  test(
    'is read whole under OAuth 1.0a, every request with a signature that oauthlib takes',
    { skip: skipOAuth1 },
    async () => {
      await using provider = await startOAuth1({
        clients: { consumer: { secret: 'canary-of-the-consumer' } },
        tokens: { token: { client: 'consumer', secret: 'canary-of-the-token' } },
      })
      await using feed = await startFeed(async (request, uri) => {
        const headers = { Authorization: request.headers.authorization ?? '' }
        const [good = false] = await provider.verify([{ uri, method: 'GET', headers }])
        return good
      })
      await readFeed(
        feed.url,
        `  type: oauth1
  consumer_key: consumer
  consumer_secret: env:CONSUMER_SECRET
  token: env:TOKEN
  token_secret: env:TOKEN_SECRET`,
        { CONSUMER_SECRET: 'canary-of-the-consumer', TOKEN: 'token', TOKEN_SECRET: 'canary-of-the-token' },
      )
      assert.equal(feed.requests.length, pages)
    },
  )
})
