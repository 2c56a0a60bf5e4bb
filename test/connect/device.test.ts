import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Reply, breakOff, json, startEndpoint } from '../auth/token-endpoint.ts'
import { startConsentServer } from '../support/consent-server.ts'
import { createPerson } from '../support/person.ts'
import { startAttempt } from './helpers.ts'

const device = { device_code: 'a-device-code', user_code: 'WDJB-MJHT', verification_uri: 'https://acme.example/device' }
const token: Reply = json({ access_token: 'an-access-token', refresh_token: 'a-refresh-token', token_type: 'bearer' })
const pending: Reply = json({ error: 'authorization_pending' }, 400)

suite('headrace connect --device', () => {
  test('a person enters the code and consents', async (context) => {
    await using server = await startConsentServer()
    const attempt = startAttempt(context, { issuer: server.issuer }, { mode: 'device' })
    const prompt = await attempt.device
    assert.match(prompt.code, /^[A-Z]{4}-[A-Z]{4}$/)
    assert.equal(prompt.url, `${server.issuer}/device`)
    await createPerson('jane').enterCode(prompt.completeUrl ?? '')
    const { tokens, account } = await attempt.result
    assert.ok(tokens.refresh_token && tokens.access_token)
    assert.equal(account, 'jane')
    assert.deepEqual(attempt.saved, [tokens])
  })

  test('a person who says no ends it', async (context) => {
    await using server = await startConsentServer()
    const attempt = startAttempt(context, { issuer: server.issuer }, { mode: 'device' })
    await createPerson().enterCode((await attempt.device).completeUrl ?? '', 'no')
    const error = await attempt.error
    assert.equal(error.code, 'AUTH_FAILED')
    assert.match(error.message, /access_denied - access was not given/)
  })

  test('waiting, slower where the provider wants it, through a broken connection and a 503', async (context) => {
    const waits: number[] = []
    const replies = [
      json({ ...device, interval: 3, expires_in: 900 }),
      pending,
      json({ error: 'slow_down' }, 400),
      breakOff,
      json({}, 503),
      // GitHub errs with 200.
      json({ error: 'authorization_pending' }, 200),
      token,
    ]
    const endpoint = await startEndpoint(context, ...replies)
    const attempt = startAttempt(
      context,
      { token_url: endpoint.url, device_url: endpoint.url },
      { mode: 'device', onWait: (ms) => waits.push(ms) },
    )
    assert.equal((await attempt.result).tokens.access_token, 'an-access-token')
    assert.deepEqual(waits, [3_000, 3_000, 8_000, 16_000, 32_000, 32_000])
    const polls = endpoint.requests.slice(1).map(({ body }) => new URLSearchParams(body))
    for (const poll of polls) {
      assert.equal(poll.get('grant_type'), 'urn:ietf:params:oauth:grant-type:device_code')
      assert.equal(poll.get('device_code'), 'a-device-code')
    }
  })

  test('a code that nobody enters expires, by the provider or by the clock', async (context) => {
    const told = await startEndpoint(context, json(device), json({ error: 'expired_token' }, 400))
    const silent = await startEndpoint(context, json({ ...device, expires_in: 30 }), pending)
    for (const { url } of [told, silent]) {
      const error = await startAttempt(context, { token_url: url, device_url: url }, { mode: 'device' }).error
      assert.equal(error.code, 'AUTH_FAILED')
      assert.match(error.message, /has expired before anybody entered it, and nothing was saved/)
    }
    assert.equal(silent.requests.length, 6)
  })

  test("Google's word for the place is understood, and a place that is no web address is not shown", async (context) => {
    const google = { device_code: 'c', user_code: 'u', verification_url: 'https://www.google.com/device' }
    const good = await startEndpoint(context, json(google), token)
    const attempt = startAttempt(context, { token_url: good.url, device_url: good.url }, { mode: 'device' })
    assert.equal((await attempt.device).url, 'https://www.google.com/device')
    await attempt.result
    for (const uri of ['javascript:alert(1)', 'https://x\u001b[31m', 5, undefined]) {
      const bad = await startEndpoint(context, json({ ...device, verification_uri: uri }))
      const { error } = startAttempt(context, { token_url: bad.url, device_url: bad.url }, { mode: 'device' })
      assert.match((await error).message, /did not answer with a code/)
    }
  })

  test('any other refusal ends it in the words of the provider', async (context) => {
    const endpoint = await startEndpoint(context, json({ error: 'unauthorized_client', error_description: 'no' }, 400))
    const { error } = startAttempt(context, { token_url: endpoint.url, device_url: endpoint.url }, { mode: 'device' })
    assert.match((await error).message, /unauthorized_client: no/)
  })

  test('a provider without a device endpoint is one sentence', async (context) => {
    const { error } = startAttempt(context, { provider: 'xero' }, { mode: 'device' })
    assert.equal((await error).code, 'CONFIG_INVALID')
    assert.equal(
      (await error).message,
      'Xero has no device endpoint that is known; write device_url, or connect without --device.',
    )
  })
})
