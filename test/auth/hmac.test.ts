import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import fc from 'fast-check'
import { authConfig } from '../../src/auth/index.ts'
import type { ApiRequest } from '../../src/http/send.ts'
import { failsWith, readBody, serve, testClient } from '../http/support.ts'
import { authOf, createWorld, request } from './helpers.ts'

const key = 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j'

test('Binance: the query with its timestamp is signed into the query, as in the example of its documentation', async (context) => {
  const world = createWorld(context, {
    KEY: key,
    ID: 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A',
  })
  world.now = 1_499_827_319_559
  const auth = authOf(
    {
      type: 'hmac',
      key: 'env:KEY',
      headers: { 'X-MBX-APIKEY': 'env:ID' },
      params: { timestamp: '{{ timestamp | epoch_ms }}' },
      template: '{{ query }}{{ body }}',
      place: { in: 'query', name: 'signature' },
    },
    world.deps,
  )
  const query = 'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000'
  const url = `https://api.example/api/v3/order?${query}`
  const signed = await auth.sign({ ...request, url })
  const added = '&timestamp=1499827319559&signature=c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71'
  assert.equal(signed.url, url + added)
  assert.match(signed.headers['x-mbx-apikey'] ?? '', /^vmPUZE/)
  assert.deepEqual(auth.queryParams, ['timestamp', 'signature'])
  const old = await auth.sign({ ...request, url: `${url}&timestamp=1&signature=2` })
  assert.equal(old.url, url + added, 'what an earlier signature left in a next link is replaced')
})

test('Duo: date, method, host, path and parameters, signed into HTTP basic, as in the example of its documentation', async (context) => {
  const world = createWorld(context, { KEY: 'Zh5eGmUq9zpfQnyUIu5OL9iWoMMv5ZNmk3zLJ4Ep' })
  world.now = Date.UTC(2012, 7, 21, 17, 29, 18)
  const auth = authOf(
    {
      type: 'hmac',
      algorithm: 'sha1',
      key: 'env:KEY',
      headers: { Date: '{{ timestamp | date("%a, %d %b %Y %H:%M:%S -0000") }}' },
      template: '{{ header.date }}\n{{ method }}\n{{ host | lower }}\n{{ path }}\n{{ sorted_query }}{{ body }}',
      place: { in: 'basic', username: 'DIWJ8X6AEYOR5OMC6TQ1' },
    },
    world.deps,
  )
  const signed = await auth.sign({
    method: 'POST',
    url: 'https://api-XXXXXXXX.duosecurity.com/accounts/v1/account/list',
    headers: {},
    body: 'realname=First%20Last&username=root',
  })
  assert.equal(signed.headers['date'], 'Tue, 21 Aug 2012 17:29:18 -0000')
  const pair = 'DIWJ8X6AEYOR5OMC6TQ1:2d97d6166319781b5a3a07af39d366f491234edc'
  assert.equal(signed.headers['authorization'], `Basic ${Buffer.from(pair).toString('base64')}`)
})

interface Shape {
  readonly config: object
  /** Whether a request is signed as the provider wants it. */
  readonly verify: (request: IncomingMessage, body: string) => boolean
}

const bytes = Buffer.from('a key of bytes \u0000\u00ff', 'latin1')
const nonces = new Set<string>()

/** What providers document, each verified in the provider's own terms. */
const shapes: Readonly<Record<string, Shape>> = {
  'Coinbase Exchange (a key in base64, timestamp, method, path with query, body)': {
    config: {
      key: 'env:BASE64',
      key_encoding: 'base64',
      encoding: 'base64',
      headers: {
        'CB-ACCESS-KEY': 'env:ID',
        'CB-ACCESS-PASSPHRASE': 'env:PASSPHRASE',
        'CB-ACCESS-TIMESTAMP': '{{ timestamp }}',
      },
      template: '{{ timestamp }}{{ method }}{{ target }}{{ body }}',
      place: { name: 'CB-ACCESS-SIGN' },
    },
    verify: ({ method, url, headers }, body) => {
      const time = headers['cb-access-timestamp']
      const expected = createHmac('sha256', bytes)
        .update(`${String(time)}${method}${url}${body}`)
        .digest('base64')
      const near = /^\d{10}$/.test(String(time)) && Math.abs(Number(time) * 1_000 - Date.now()) < 30_000
      return near && headers['cb-access-sign'] === expected && headers['cb-access-key'] === 'the-id'
    },
  },
  'Bitfinex (an increasing nonce, SHA-384)': {
    config: {
      algorithm: 'HMAC-SHA384',
      key: 'env:KEY',
      nonce: 'increasing',
      headers: { 'bfx-apikey': 'env:ID', 'bfx-nonce': '{{ nonce }}' },
      template: '/api{{ path }}{{ nonce }}{{ body }}',
      place: { name: 'bfx-signature' },
    },
    verify: ({ url = '', headers }, body) => {
      const nonce = String(headers['bfx-nonce'])
      const fresh = !nonces.has(nonce) && Number.isSafeInteger(Number(nonce))
      nonces.add(nonce)
      const text = `/api${url.split('?')[0]}${nonce}${body}`
      return fresh && headers['bfx-signature'] === createHmac('sha384', key).update(text).digest('hex')
    },
  },
  'OKX (an ISO timestamp with milliseconds)': {
    config: {
      key: 'env:KEY',
      encoding: 'base64',
      headers: { 'OK-ACCESS-TIMESTAMP': '{{ timestamp | add("PT0S") }}' },
      template: '{{ header.OK-ACCESS-TIMESTAMP }}{{ method }}{{ target }}{{ body }}',
      place: { name: 'OK-ACCESS-SIGN' },
    },
    verify: ({ method, url, headers }, body) => {
      const time = String(headers['ok-access-timestamp'])
      const expected = createHmac('sha256', key).update(`${time}${method}${url}${body}`).digest('base64')
      return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time) && headers['ok-access-sign'] === expected
    },
  },
  'Azure App Configuration (the hash of the body, several fields in one header)': {
    config: {
      key: 'env:BASE64',
      key_encoding: 'base64',
      encoding: 'base64',
      headers: {
        'x-ms-date': '{{ timestamp | date("%a, %d %b %Y %H:%M:%S GMT") }}',
        'x-ms-content-sha256': '{{ body | sha256("base64") }}',
      },
      template: '{{ method }}\n{{ target }}\n{{ header.x-ms-date }};{{ host }};{{ header.x-ms-content-sha256 }}',
      place: {
        name: 'Authorization',
        prefix: 'HMAC-SHA256 Credential=me&SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=',
      },
    },
    verify: ({ method, url, headers }, body) => {
      const hash = createHash('sha256').update(body).digest('base64')
      const text = `${method}\n${url}\n${String(headers['x-ms-date'])};${headers.host};${hash}`
      const signature = createHmac('sha256', bytes).update(text).digest('base64')
      return headers.authorization?.split('&Signature=')[1] === signature && headers['x-ms-content-sha256'] === hash
    },
  },
  'HTTP signatures (a suffix, the nonce inside)': {
    config: {
      key: 'env:KEY',
      encoding: 'base64',
      template: '{{ method | lower }} {{ url }} {{ nonce }}',
      place: { name: 'authorization', prefix: 'hmac id="me", nonce="{{ nonce }}", signature="', suffix: '"' },
    },
    verify: ({ method = '', url, headers }) => {
      const [, nonce, signature] =
        /^hmac id="me", nonce="([0-9a-f]{32})", signature="(.*)"$/.exec(headers.authorization ?? '') ?? []
      const text = `${method.toLowerCase()} http://${headers.host}${url} ${nonce}`
      return signature === createHmac('sha256', key).update(text).digest('base64')
    },
  },
  'TikTok Shop (sorted pairs between two secrets, in the query)': {
    config: {
      key: 'env:KEY',
      secrets: { app: 'env:KEY' },
      params: { app_key: 'env:ID', timestamp: '{{ timestamp }}' },
      template: '{{ secret.app }}{{ path }}{{ sorted_pairs }}{{ body }}{{ secret.app }}',
      place: { in: 'query', name: 'sign' },
    },
    verify: ({ url = '' }, body) => {
      const { pathname, searchParams } = new URL(url, 'http://x')
      const sign = searchParams.get('sign')
      searchParams.delete('sign')
      const pairs = [...searchParams].sort(([one], [other]) => (one < other ? -1 : 1)).map((pair) => pair.join(''))
      const text = `${key}${pathname}${pairs.join('')}${body}${key}`
      return sign === createHmac('sha256', key).update(text).digest('hex')
    },
  },
  'Lazada (hex in upper case)': {
    config: {
      key: 'env:KEY',
      encoding: 'HEX',
      template: '{{ path }}{{ sorted_pairs }}',
      place: { in: 'query', name: 'sign' },
    },
    verify: ({ url = '' }) => {
      const { pathname, searchParams } = new URL(url, 'http://x')
      const sign = searchParams.get('sign')
      searchParams.delete('sign')
      const pairs = [...searchParams].sort(([one], [other]) => (one < other ? -1 : 1)).map((pair) => pair.join(''))
      return (
        sign ===
        createHmac('sha256', key)
          .update(pathname + pairs.join(''))
          .digest('hex')
          .toUpperCase()
      )
    },
  },
}

for (const [what, { config, verify }] of Object.entries(shapes)) {
  test(`the provider accepts every signature: ${what}`, async (context) => {
    const origin = await serve(context, (incoming, response) => {
      const check = async () => {
        const good = verify(incoming, await readBody(incoming))
        response.writeHead(good ? 200 : 401).end('{}')
      }
      check().catch((error: Error) => response.destroy(error))
    })
    const secrets = { KEY: key, BASE64: bytes.toString('base64'), ID: 'the-id', PASSPHRASE: 'open sesame' }
    const world = createWorld(context, secrets)
    world.now = Date.now()
    const client = testClient(context, origin, { auth: authOf({ type: 'hmac', ...config }, world.deps) })
    const requests: Partial<ApiRequest>[] = [{}, { method: 'POST', body: '{"a":"ü"}' }]
    for (const one of requests) {
      await client.send({ ...one, url: `${origin}/v1/päth/x%2Fy?b=2&a=1%201&c=` })
      await client.send({ ...one, url: `${origin}/v1` })
    }
    await Promise.all(Array.from({ length: 20 }, () => client.get('/v1?many=1')))
    await failsWith(
      testClient(context, origin, {
        auth: authOf(
          { type: 'hmac', ...config },
          { ...world.deps, secret: () => world.deps.secret('d3JvbmcgbmFtZSBhbmQga2V5') },
        ),
      }).get('/v1'),
      'AUTH_REJECTED',
    )
  })
}

test('any path, query and body are signed just as they arrive', async (context) => {
  const failures: string[] = []
  const origin = await serve(context, (incoming, response) => {
    const check = async () => {
      const text = [incoming.method, incoming.url, await readBody(incoming)].join('\n')
      const good = incoming.headers['x-sign'] === createHmac('sha256', key).update(text).digest('hex')
      if (!good) failures.push(text)
      response.end('{}')
    }
    check().catch((error: Error) => response.destroy(error))
  })
  const { deps } = createWorld(context, { KEY: key })
  const config = {
    type: 'hmac',
    key: 'env:KEY',
    template: '{{ method }}\n{{ target }}\n{{ body }}',
    place: { name: 'x-sign' },
  }
  const client = testClient(context, origin, { auth: authOf(config, deps) })
  const text = fc.string({ unit: 'grapheme', maxLength: 12 }).map((any) => any.toWellFormed())
  await fc.assert(
    fc.asyncProperty(text, text, text, async (path, query, body) => {
      const { href } = new URL(`${origin}/${path.replaceAll(/[\\/?#]/g, '')}?${query.replaceAll('#', '')}`)
      await client.send({ method: 'POST', url: href, body })
    }),
    { numRuns: 200 },
  )
  assert.deepEqual(failures, [])
})

test('a retry is signed anew, with a nonce and a timestamp of its own', async (context) => {
  const seen: string[] = []
  const origin = await serve(context, (incoming, response) => {
    seen.push(String(incoming.headers['x-nonce']))
    response.writeHead(seen.length < 3 ? 503 : 200).end('{}')
  })
  const { deps } = createWorld(context, { KEY: key })
  const config = {
    type: 'hmac',
    key: 'env:KEY',
    template: '{{ nonce }}',
    headers: { 'X-Nonce': '{{ nonce }}' },
    place: { name: 'x-sign' },
  }
  await testClient(context, origin, { auth: authOf(config, deps) }).get('/')
  assert.equal(new Set(seen).size, 3)
})

test('a timestamp is in seconds, or in any other form by a filter, all of one moment', async (context) => {
  const world = createWorld(context, { KEY: key })
  world.now = Date.UTC(2025, 0, 2, 3, 4, 5, 678)
  const forms = ['', ' | epoch', ' | epoch_ms', ' | date("%Y%m%dT%H%M%SZ")', ' | add("PT1M") | epoch', ' | base64']
  const headers = Object.fromEntries(forms.map((form, at) => [`x-${at}`, `{{ timestamp${form} }}`]))
  const config = { type: 'hmac', key: 'env:KEY', template: 'x', headers, place: { name: 'x-sign' } }
  const signed = await authOf(config, world.deps).sign(request)
  assert.deepEqual(
    forms.map((_, at) => signed.headers[`x-${at}`]),
    ['1735787045', '1735787045', '1735787045678', '20250102T030405Z', '1735787105', btoa('1735787045')],
  )
})

test('in a list a signature covers what the other methods add, wherever it stands', async (context) => {
  const { deps } = createWorld(context, { KEY: key, ID: 'the-id' })
  const hmac = { type: 'hmac', key: 'env:KEY', template: '{{ query }}', place: { name: 'x-sign' } }
  const apiKey = { type: 'api_key', in: 'query', name: 'key', value: 'env:ID' }
  for (const list of [
    [hmac, apiKey],
    [apiKey, hmac],
  ]) {
    const signed = await authOf(list, deps).sign(request)
    assert.equal(signed.headers['x-sign'], createHmac('sha256', key).update('page=2&key=the-id').digest('hex'))
  }
  for (const other of [
    { ...apiKey, in: 'header', name: 'X-SIGN' },
    { ...hmac, place: { in: 'query', name: 'key' } },
  ])
    assert.throws(() => authOf([hmac, apiKey, other], deps), { code: 'CONFIG_INVALID' })
})

test('a key that is not what key_encoding says, and a header that no HTTP carries, are refused without a word of them', async (context) => {
  const { deps } = createWorld(context, { KEY: 'not base64!', LINE: 'a\nb' })
  const base = { type: 'hmac', key: 'env:KEY', template: 'x', place: { name: 'x-sign' } }
  for (const key_encoding of ['base64', 'hex'])
    assert.throws(
      () => authOf({ ...base, key_encoding }, deps),
      (error: Error) => 'code' in error && error.code === 'CONFIG_INVALID' && !error.message.includes('not base64!'),
    )
  const twoLines = { ...base, secrets: { line: 'env:LINE' }, headers: { 'x-a': '{{ secret.line }}' } }
  await failsWith(authOf(twoLines, deps).sign(request), 'CONFIG_INVALID')
  assert.throws(() => authOf({ ...base, headers: { 'x-a': 'env:LINE' } }, deps), { code: 'CONFIG_INVALID' })
})

const good = { type: 'hmac', key: 'env:K', template: '{{ body }}', place: { name: 'x' } }
for (const [what, config] of Object.entries({
  'a literal key': { ...good, key: 'hunter2' },
  'an unknown word': { ...good, template: '{{ cursor }}' },
  'an unknown filter': { ...good, template: '{{ body | sha3 }}' },
  'a digest of its own': { ...good, template: '{{ body | sha256("base32") }}' },
  'a template that does not end': { ...good, template: '{{ body' },
  'a secret that is not listed': { ...good, headers: { a: '{{ secret.other }}' } },
  'an empty template': { ...good, template: '' },
  'no name': { ...good, place: {} },
  'a header name with a blank': { ...good, place: { name: 'a b' } },
  'a user name in a header': { ...good, place: { name: 'a', username: 'u' } },
  'basic without a user name': { ...good, place: { in: 'basic' } },
  'basic with a prefix': { ...good, place: { in: 'basic', username: 'u', prefix: 'x' } },
  'an unknown algorithm': { ...good, algorithm: 'crc32' },
})) {
  test(`the configuration is refused: ${what}`, () => {
    assert.equal(authConfig.safeParse(good).success, true)
    assert.equal(authConfig.safeParse(config).success, false)
  })
}
