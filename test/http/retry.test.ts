import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import { noRows } from '../../src/decode/page-rows.ts'
import { bearer, failsWith, fakeEffects, parseRules, quickRetry, serve, testClient } from './support.ts'

type Answer = (response: ServerResponse) => void

/** Answers in turn; the last answer for ever. */
function serveInTurn(t: TestContext, ...answers: readonly Answer[]): Promise<string> {
  let calls = 0
  return serve(t, (_, response) => (answers[Math.min(calls++, answers.length - 1)] as Answer)(response))
}

const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (response) =>
    response.writeHead(code, headers).end(body)

const ok = status(200, {}, '[]')

for (const code of [408, 425, 429, 500, 502, 503, 504, 520]) {
  test(`a ${code} is tried again, with a wait of our own that doubles`, async (t) => {
    const origin = await serveInTurn(t, status(code), status(code), ok)
    const { get, effects, meter } = testClient(t, origin)
    await get('/')
    assert.deepEqual(effects.slept, [50, 100])
    assert.deepEqual({ requests: meter.requests, retries: meter.retries }, { requests: 3, retries: 2 })
    assert.equal(meter.waitingUntil, undefined)
  })
}

for (const code of [304, 400, 403, 404, 410, 422]) {
  test(`a ${code} is refused at once, with its status and the provider's words`, async (t) => {
    const origin = await serveInTurn(t, status(code, {}, code === 304 ? '' : '{"error":{"message":"no such thing"}}'))
    const { get, meter } = testClient(t, origin)
    const error = await failsWith(get('/things?id=7'), 'API_REFUSED')
    assert.equal(error.details['status'], code)
    assert.equal(meter.requests, 1)
    assert.match(error.message, new RegExp(`^GET http://127.0.0.1:\\d+/things\\?id=7 was answered ${code}`))
    if (code !== 304) assert.match(error.message, /"no such thing"/)
  })
}

test('after the last attempt a 5xx is unavailable and a 429 rate limited', async (t) => {
  const down = testClient(t, await serveInTurn(t, status(500, {}, 'oh dear')))
  const error = await failsWith(down.get('/'), 'API_UNAVAILABLE')
  assert.match(error.message, /was answered 500, "oh dear", after 3 attempts/)
  assert.deepEqual(error.details, { attempts: 3, status: 500 })
  const busy = testClient(t, await serveInTurn(t, status(429)))
  await failsWith(busy.get('/'), 'RATE_LIMITED')
  assert.equal(busy.meter.requests, 3)
})

test('a Retry-After is waited for, in seconds or as a date by the clock of the provider', async (t) => {
  const date = 'Fri, 01 Jan 2021 00:00:00 GMT'
  const later = 'Friday, 01-Jan-21 00:00:07 GMT'
  const origin = await serveInTurn(
    t,
    status(429, { 'retry-after': '2.5' }),
    status(503, { date, 'retry-after': later }),
    ok,
  )
  const { get, effects } = testClient(t, origin)
  await get('/')
  assert.equal(effects.total(), 9_500)
})

test('a Retry-After that says nothing leaves the wait to us', async (t) => {
  for (const value of ['0', '-5', 'soon', '', 'Sat, 01 Jan 2000 00:00:00 GMT']) {
    const { get, effects } = testClient(t, await serveInTurn(t, status(429, { 'retry-after': value }), ok))
    await get('/')
    assert.deepEqual(effects.slept, [50], value)
  }
})

test('a Retry-After beyond the longest wait stops at once and says when to come back', async (t) => {
  for (const [code, value] of [
    [429, '3600'],
    [503, '99999999999999999999'],
  ] as const) {
    const { get, effects, meter } = testClient(t, await serveInTurn(t, status(code, { 'retry-after': value })))
    const error = await failsWith(get('/'), 'RATE_LIMITED')
    const wait = Math.min(Number(value), 366 * 86_400) * 1_000
    assert.equal(error.details['retryAt'], effects.now() + wait)
    assert.equal(error.details['status'], code)
    assert.ok(error.message.includes(new Date(effects.now() + wait).toISOString()))
    assert.equal(meter.requests, 1)
  }
})

test('a Retry-After past the deadline stops at once', async (t) => {
  const effects = fakeEffects()
  const deadline = { at: effects.now() + 10_000, stopping: false }
  const { get } = testClient(t, await serveInTurn(t, status(429, { 'retry-after': '20' })), { effects, deadline })
  const error = await failsWith(get('/'), 'RATE_LIMITED')
  assert.equal(error.details['retryAt'], effects.now() + 20_000)
})

test('a run that is asked to stop breaks a long wait off', async (t) => {
  const effects = fakeEffects()
  const deadline = {
    at: Infinity,
    get stopping() {
      return effects.slept.length > 2
    },
  }
  const { get } = testClient(t, await serveInTurn(t, status(429, { 'retry-after': '30' })), { effects, deadline })
  await failsWith(get('/'), 'RATE_LIMITED')
  assert.equal(effects.total(), 3_000)
})

test('the waits of one page never add up to more than max_elapsed', async (t) => {
  const origin = await serveInTurn(t, status(500))
  const retry = { attempts: 100, max_elapsed: 5_000, base: 1_000, cap: 1_000 }
  const { get, effects } = testClient(t, origin, { retry })
  await failsWith(get('/'), 'API_UNAVAILABLE')
  assert.equal(effects.total(), 5_000)
})

test('a 403 with a used up limit or a Retry-After is a rate limit, as GitHub has it', async (t) => {
  const effects = fakeEffects()
  const reset = {
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(effects.now() / 1_000 + 30),
    date: new Date(effects.now()).toUTCString(),
  }
  const { get } = testClient(t, await serveInTurn(t, status(403, reset), status(403, { 'retry-after': '5' }), ok), {
    effects,
  })
  await get('/')
  assert.equal(effects.total(), 35_000)
})

for (const [name, answer, wait] of [
  ['words of a secondary limit', status(403, {}, '{"message":"You have exceeded a secondary rate limit."}'), 60_000],
  ['words of Google', status(403, {}, '{"error":{"errors":[{"reason":"userRateLimitExceeded"}]}}'), 60_000],
  ['nothing left', status(403, { 'x-ratelimit-remaining': '0' }), 60_000],
] as const) {
  test(`a 403 with ${name} is a rate limit, and a minute is waited where it names no moment`, async (t) => {
    const { get, effects } = testClient(t, await serveInTurn(t, answer, ok), {
      retry: { ...quickRetry, max_elapsed: 90_000 },
    })
    await get('/')
    assert.equal(effects.total(), wait)
  })
}

test('a Retry-After may be the moment itself, in seconds or milliseconds since 1970, or in milliseconds', async (t) => {
  const effects = fakeEffects(Date.UTC(2027, 0, 1))
  const moment = effects.now() + 7_000
  const date = new Date(effects.now()).toUTCString()
  const answers = [
    status(429, { date, 'retry-after': String(moment / 1_000) }),
    status(503, { date, 'retry-after': String(moment) }),
    status(429, { 'retry-after': '9', 'retry-after-ms': '250' }),
    ok,
  ]
  const origin = await serveInTurn(t, ...answers)
  await testClient(t, origin, { effects, retry: { ...quickRetry, attempts: 4 } }).get('/')
  assert.equal(effects.total(), 14_250)
})

test('a rule by status comes before the decoder, also for an empty body', async (t) => {
  const rules = parseRules('[{"status":418,"then":"fail"},{"status":202,"then":"retry"}]')
  const { get, decoders } = testClient(t, await serveInTurn(t, status(202), status(202, {}, 'not yet'), ok), { rules })
  assert.deepEqual((await get('/')).body.envelope, [])
  assert.equal(decoders.opened, 1)
  const forever = testClient(t, await serveInTurn(t, status(202)), { rules })
  const failed = await failsWith(forever.get('/'), 'API_UNAVAILABLE')
  assert.match(failed.message, /was answered 202 \(errors\[1\]\), after 3 attempts/)
})

test('a rule by header comes before the decoder', async (t) => {
  const rules = parseRules('[{"header":{"name":"X-State","matches":"^busy$"},"then":"rate_limited"}]')
  const { get } = testClient(t, await serveInTurn(t, status(200, { 'x-state': 'busy' }, '<p>wait</p>'), ok), { rules })
  await get('/')
})

test('a rule by text or body sees a body that cannot be decoded', async (t) => {
  const plain = status(200, {}, '\uFEFFERROR: quota gone')
  const byText = testClient(t, await serveInTurn(t, plain), {
    rules: parseRules('[{"text":"^ERROR: (?:quota|limit)","then":"fail"}]'),
  })
  assert.match(
    (await failsWith(byText.get('/'), 'API_REFUSED')).message,
    /was answered 200, "ERROR: quota gone" \(errors\[0\]\)/,
  )
  const byBody = testClient(t, await serveInTurn(t, plain, ok), {
    rules: parseRules('[{"body":"$[?@ == 1]","then":"fail"},{"status":200,"text":"quota","then":"retry"}]'),
  })
  await byBody.get('/')
  assert.equal(byBody.meter.requests, 2)
  const ignored = testClient(t, await serveInTurn(t, plain), {
    rules: parseRules('[{"text":"quota","then":"ignore"}]'),
  })
  assert.equal((await ignored.get('/')).body.rows.count, 0)
})

test('a rule that ignores a status does not pass a body over that cannot be decoded', async (t) => {
  const rules = parseRules('[{"status":[200,202],"then":"ignore"}]')
  await failsWith(testClient(t, await serveInTurn(t, status(200, {}, '[1')), { rules }).get('/'), 'RESPONSE_INVALID')
  assert.equal((await testClient(t, await serveInTurn(t, status(202)), { rules }).get('/')).body.rows.count, 0)
})

test('an abort interrupts a wait', async (t) => {
  const origin = await serveInTurn(t, status(500))
  const abort = new AbortController()
  const effects = {
    ...fakeEffects(),
    sleep: (_: number, signal: AbortSignal) =>
      new Promise<void>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        queueMicrotask(() => abort.abort())
      }),
  }
  const { get, meter } = testClient(t, origin, { effects })
  await failsWith(get('/', abort.signal), 'INTERRUPTED')
  assert.equal(meter.requests, 1)
  assert.equal(meter.waitingUntil, undefined)
})

test('a rule decides before the status does', async (t) => {
  const body = (text: string) => status(200, {}, text)
  const rules = parseRules(`[
    {"status": 404, "then": "ignore"},
    {"status": ["5xx", 423], "header": {"name": "X-Kind", "matches": "^final$"}, "then": "fail"},
    {"body": "$.error", "message": "$.error.text", "then": "fail"},
    {"status": 200, "body": "$[?@.busy == true]", "then": "retry"},
    {"body": "$.expired", "then": "restart_listing"},
    {"body": "$.slow", "then": "rate_limited"}
  ]`)
  const client = async (...answers: Answer[]) => testClient(t, await serveInTurn(t, ...answers), { rules })
  assert.equal((await (await client(status(404))).get('/')).status, 404)
  const final = await client(status(500, { 'x-kind': 'final' }))
  await failsWith(final.get('/'), 'API_REFUSED')
  assert.equal(final.meter.requests, 1)
  const failed = await failsWith((await client(body('{"error":{"text":"quota\\u0007 gone"}}'))).get('/'), 'API_REFUSED')
  assert.match(failed.message, /was answered 200, "quota gone"/)
  const busy = await client(body('{"a":{"busy":true}}'), body('[]'))
  await busy.get('/')
  assert.equal(busy.meter.requests, 2)
  await failsWith((await client(body('{"expired":1}'))).get('/'), 'LISTING_EXPIRED')
  await failsWith((await client(body('{"slow":1}'))).get('/'), 'RATE_LIMITED')
})

test('a 401 renews the credential once and tries again without a wait', async (t) => {
  const origin = await serve(t, (request, response) =>
    response.writeHead(request.headers.authorization === 'Bearer 2' ? 200 : 401).end('[]'),
  )
  let token = 1
  const rejected: (string | undefined)[] = []
  const auth = bearer(
    () => String(token),
    async (request) => {
      rejected.push(request.headers['authorization'])
      token++
    },
  )
  const { get, effects, meter } = testClient(t, origin, { auth })
  await get('/')
  assert.deepEqual(rejected, ['Bearer 1'])
  assert.deepEqual(effects.slept, [])
  assert.deepEqual({ requests: meter.requests, retries: meter.retries }, { requests: 2, retries: 0 })
})

test('tokens that are past their lifetime when they are refused are renewed until one is in time', async (t) => {
  const origin = await serveInTurn(t, status(401), status(401), status(401), ok)
  let token = 0
  const auth = bearer(
    () => String(token),
    async () => {
      token++
      return 'expired'
    },
  )
  const { get, meter } = testClient(t, origin, { auth })
  await get('/')
  assert.deepEqual({ token, requests: meter.requests }, { token: 3, requests: 4 })
})

test('a 401 to a renewed credential, or to one that cannot be renewed, is rejected in the words of the provider', async (t) => {
  const origin = await serveInTurn(
    t,
    status(401, {}, '{"error":"invalid_token","error_description":"The token Zo0 expired"}'),
  )
  const redact = (text: string) => text.replaceAll('Zo0', '[secret]')
  const renewed = testClient(t, origin, {
    redact,
    auth: bearer(
      () => 'Zo0',
      async () => {},
    ),
  })
  const error = await failsWith(renewed.get('/'), 'AUTH_REJECTED')
  assert.match(error.message, /401, "invalid_token: The token \[secret\] expired"/)
  assert.equal(renewed.meter.requests, 2)
  const fixed = testClient(t, origin, { redact, auth: bearer(() => 'Zo0') })
  await failsWith(fixed.get('/'), 'AUTH_REJECTED')
  assert.equal(fixed.meter.requests, 1)
})

test('a rule may call an answer a refused credential', async (t) => {
  const origin = await serve(t, (request, response) =>
    response.end(request.headers.authorization === 'Bearer new' ? '[1]' : '{"err":"session"}'),
  )
  let token = 'old'
  const auth = bearer(
    () => token,
    async () => {
      token = 'new'
    },
  )
  const rules = parseRules(`[{"body": "$[?@ == 'session']", "then": "renew_auth"}]`)
  assert.deepEqual((await testClient(t, origin, { auth, rules }).get('/')).body.envelope, [1])
})

test('the rows of a page that is not accepted are freed', async (t) => {
  const origin = await serveInTurn(t, status(200, {}, '"renew"'), status(200, {}, '"again"'), ok)
  const rules = parseRules(
    `[{"body": "$[?@ == 'renew']", "then": "renew_auth"}, {"body": "$[?@ == 'again']", "then": "retry"}]`,
  )
  const freed: string[] = []
  const { get } = testClient(t, origin, {
    rules,
    auth: bearer(
      () => 'x',
      async () => {},
    ),
    openDecoder: () => {
      let text = ''
      return {
        write: (chunk) => {
          text += Buffer.from(chunk).toString()
        },
        end: async () => {
          const rows = { ...noRows(), [Symbol.asyncDispose]: async () => void freed.push(text) }
          return { envelope: [JSON.parse(text) as unknown], rows, bytes: text.length }
        },
        discard: async () => {},
      }
    },
  })
  assert.deepEqual((await get('/')).body.envelope, [[]])
  assert.deepEqual(freed, ['"renew"', '"again"'])
})

test('every attempt is signed anew', async (t) => {
  const seen: (string | undefined)[] = []
  const origin = await serve(t, (request, response) => {
    seen.push(request.headers.authorization)
    response.writeHead(seen.length < 3 ? 500 : 200).end('[]')
  })
  let nonce = 0
  await testClient(t, origin, { auth: bearer(() => String(++nonce)) }).get('/')
  assert.deepEqual(seen, ['Bearer 1', 'Bearer 2', 'Bearer 3'])
})

test('a credential in the query is neither in the answer, nor in the head, nor in an error', async (t) => {
  const origin = await serveInTurn(t, ok, status(404))
  const urls: string[] = []
  const client = testClient(t, origin, {
    auth: { sign: async (request) => ({ ...request, url: `${request.url}?key=Zo0` }) },
    redact: (text) => text,
  })
  urls.push((await client.get('/a')).url)
  urls.push((await failsWith(client.get('/b'), 'API_REFUSED')).message)
  assert.doesNotMatch(urls.join(), /Zo0/)
  assert.equal(urls[0], `${origin}/a`)
})

test('a retry is logged without secrets', async (t) => {
  const origin = await serveInTurn(t, status(500, {}, 'bad Zo0'), ok)
  const { get, lines } = testClient(t, origin, {
    retry: quickRetry,
    redact: (text) => text.replaceAll('Zo0', '[secret]'),
  })
  await get('/?q=Zo0&access_token=abc')
  assert.equal(lines.length, 1)
  assert.doesNotMatch(JSON.stringify(lines), /Zo0|abc/)
})
