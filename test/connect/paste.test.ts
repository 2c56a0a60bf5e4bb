import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { suite, test } from 'node:test'
import { createLineReader } from '../../src/connect/paste.ts'
import { startConsentServer } from '../support/consent-server.ts'
import { createPerson } from '../support/person.ts'
import { startAttempt } from './helpers.ts'

const redirect = 'https://localhost/callback'
const keysOf = (issuer: string): object => ({
  authorize_url: `${issuer}/auth`,
  token_url: `${issuer}/token`,
  redirect_url: 'http://127.0.0.1:8976/callback',
})
const consent = (url: string): Promise<string> => createPerson('jane').consent(url)

suite('headrace connect --paste', () => {
  test('the address that the browser ended on brings the tokens', async (context) => {
    await using server = await startConsentServer()
    const attempt = startAttempt(context, keysOf(server.issuer), { mode: 'paste', paste: [consent] })
    assert.ok((await attempt.result).tokens.refresh_token)
    assert.deepEqual(attempt.notes, [])
  })

  test('blanks, quotes and brackets around it do no harm', async (context) => {
    await using server = await startConsentServer()
    const paste = [async (url: string) => `  <"${await consent(url)}">\r`]
    const attempt = startAttempt(context, keysOf(server.issuer), { mode: 'paste', paste })
    assert.ok((await attempt.result).tokens.refresh_token)
  })

  test('anything else is refused in a sentence that does not quote it, and asked for again', async (context) => {
    await using server = await startConsentServer()
    let end = ''
    const change = (edit: (url: URL) => void) => () => {
      const url = new URL(end)
      edit(url)
      return url.href
    }
    const paste = [
      async (url: string) => {
        end = await consent(url)
        return 'just-the-code'
      },
      () => 'javascript:alert(1)',
      change((url) => (url.hostname = 'evil.example')),
      change((url) => (url.pathname = '/other')),
      change((url) => url.searchParams.set('state', 'other')),
      change((url) => url.searchParams.delete('state')),
      () => '',
      () => end,
    ]
    const attempt = startAttempt(context, keysOf(server.issuer), { mode: 'paste', paste })
    assert.ok((await attempt.result).tokens.access_token)
    assert.deepEqual(
      attempt.notes.map((note) => note.split('.')[0]),
      [
        'That is no address',
        'That is no address',
        'That is another address',
        'That is another address',
        'That address belongs to another sign-in, perhaps an earlier one',
        'That address belongs to another sign-in, perhaps an earlier one',
      ],
    )
    const told = attempt.notes.join('\n')
    for (const word of ['just-the-code', 'evil', new URL(end).searchParams.get('code') ?? ''])
      assert.ok(!told.includes(word))
    assert.equal(server.tokenRequests.length, 1)
  })

  test('a refusal is told from what was pasted', async (context) => {
    await using server = await startConsentServer()
    const paste = [(url: string) => createPerson().consent(url, 'no')]
    const attempt = startAttempt(context, keysOf(server.issuer), { mode: 'paste', paste })
    assert.match((await attempt.error).message, /access_denied/)
  })

  test('an input that ends is one sentence', async (context) => {
    await using server = await startConsentServer()
    const error = await startAttempt(context, keysOf(server.issuer), { mode: 'paste' }).error
    assert.equal(error.code, 'REQUEST_INVALID')
    assert.match(error.message, /nothing was saved/)
  })

  test('a provider that takes https only is pasted without being told so, and a port is of no use there', async (context) => {
    await using server = await startConsentServer({ redirectUris: [redirect], kind: 'web' })
    const keys = {
      provider: 'quickbooks',
      authorize_url: `${server.issuer}/auth`,
      token_url: `${server.issuer}/token`,
      pkce: true,
    }
    const attempt = startAttempt(context, keys, { paste: [consent] })
    assert.equal(new URL(await attempt.url).searchParams.get('redirect_uri'), redirect)
    assert.ok((await attempt.result).tokens.access_token)
    const error = await startAttempt(context, keys, { port: 8976 }).error
    assert.equal(error.code, 'REQUEST_INVALID')
  })
})

test('lines that are piped in together are read one by one, and the end is told', async () => {
  const input = new PassThrough()
  using lines = createLineReader(input, new PassThrough())
  input.end('one\ntwo\n')
  const { signal } = new AbortController()
  const read = [await lines.readLine(signal), await lines.readLine(signal), await lines.readLine(signal)]
  assert.deepEqual(read, ['one', 'two', undefined])
})

test('one who leaves while a line is waited for is let go', async () => {
  using lines = createLineReader(new PassThrough(), new PassThrough())
  const stop = new AbortController()
  const line = lines.readLine(stop.signal)
  stop.abort()
  await assert.rejects(line, { name: 'AbortError' })
})
