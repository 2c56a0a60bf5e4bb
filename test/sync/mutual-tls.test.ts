import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { runCli } from '../support/cli-process.ts'
import { createSelfSigned } from '../support/self-signed.ts'

const identity = createSelfSigned()
const client = createSelfSigned({ name: 'reporting' })

interface Host {
  readonly origin: string
  /** The subject of the certificate that came with each request. */
  readonly seen: (string | undefined)[]
}

/** Lets nobody in who does not show the client's certificate. */
async function startHost(context: TestContext, answer: RequestListener): Promise<Host> {
  const seen: (string | undefined)[] = []
  const server = createServer({ ...identity, ca: [client.cert], requestCert: true }, (request, response) => {
    seen.push((request.socket as TLSSocket).getPeerX509Certificate()?.subject)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const answerJson = (body: object): RequestListener => {
  return (_request, response) => void response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
}

test('a token endpoint that discovery finds sees our certificate, at its alias for that (RFC 8705)', async (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-mtls-'))
  context.after(() => rmSync(dir, { recursive: true }))
  const plain = await startHost(context, answerJson({ error: 'invalid_client' }))
  const fresh = { access_token: 'token-2', token_type: 'Bearer', expires_in: 3600, refresh_token: 'refresh-2' }
  const alias = await startHost(context, answerJson(fresh))
  const api = await startHost(context, answerJson([{ id: 1 }]))
  const issuer = await startHost(context, (request, response) =>
    answerJson({
      issuer: issuer.origin,
      token_endpoint: `${plain.origin}/token`,
      mtls_endpoint_aliases: { token_endpoint: `${alias.origin}/token` },
    })(request, response),
  )
  const files = { 'client.pem': client.cert, 'key.pem': client.key, 'ca.pem': identity.cert, 'tokens.txt': 'refresh-1' }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text, { mode: 0o600 })
  const auth = {
    type: 'oauth2_authorization_code',
    issuer: issuer.origin,
    client_id: 'me',
    client_auth: 'tls_client_auth',
    tokens: 'file:tokens.txt',
  }
  writeFileSync(
    join(dir, 'api.yaml'),
    JSON.stringify({
      name: 'api',
      base_url: api.origin,
      tls: { cert: 'file:client.pem', key: 'file:key.pem', ca: ['file:ca.pem'] },
      auth,
      streams: [{ name: 'rows', path: '/rows', write: 'replace', paginator: { type: 'none' } }],
    }),
  )
  const run = await runCli(['run', 'api.yaml', '--to', 'duckdb:out.duckdb'], { cwd: dir })
  assert.equal(run.code, 0, run.stderr)
  assert.deepEqual(plain.seen, [], 'the endpoint for those without a certificate was used')
  assert.deepEqual(alias.seen, ['CN=reporting'])
  assert.deepEqual(api.seen, ['CN=reporting'])
  assert.equal(readFileSync(join(dir, 'tokens.txt'), 'utf8').trim(), 'refresh-2')
})
