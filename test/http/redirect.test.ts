import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'
import { allowedOrigins } from '../../src/http/origins.ts'
import { bearer, failsWith, parseRules, readBody, serve, testClient } from './support.ts'

const auth = bearer(() => 'Zo0')

for (const [status, method, becomes] of [
  [301, 'GET', 'GET'],
  [301, 'POST', 'GET'],
  [301, 'PUT', 'PUT'],
  [302, 'POST', 'GET'],
  [303, 'GET', 'GET'],
  [303, 'PUT', 'GET'],
  [307, 'POST', 'POST'],
  [308, 'PATCH', 'PATCH'],
] as const) {
  test(`a ${status} of a ${method} is followed as a ${becomes}`, async (t) => {
    const echo = async (request: IncomingMessage, response: ServerResponse) => {
      const body = await readBody(request)
      const { method: used, url, headers } = request
      if (url === '/old') response.writeHead(status, { location: 'new?x=1#part' }).end()
      else response.end(JSON.stringify([used, url, body, headers['content-type'] ?? null, headers.authorization]))
    }
    const origin = await serve(t, (request, response) => void echo(request, response))
    const { send, meter } = testClient(t, origin, { auth })
    const body = method === 'GET' ? {} : { body: '{}', headers: { 'content-type': 'application/json' } }
    const response = await send({ url: `${origin}/old`, method, ...body })
    const kept = becomes === method && method !== 'GET'
    assert.deepEqual(response.body.envelope, [
      becomes,
      '/new?x=1',
      kept ? '{}' : '',
      kept ? 'application/json' : null,
      'Bearer Zo0',
    ])
    assert.equal(response.url, `${origin}/new?x=1`)
    assert.equal(meter.requests, 2)
  })
}

test('a redirect to a foreign origin is refused before a request is made, and the line to add is named', async (t) => {
  let foreignCalls = 0
  const foreign = await serve(t, (_, response) => {
    foreignCalls++
    response.end('[]')
  })
  const origin = await serve(t, (_, response) => response.writeHead(302, { location: `${foreign}/x` }).end())
  const error = await failsWith(testClient(t, origin, { auth }).get('/'), 'ORIGIN_REFUSED')
  assert.equal(foreignCalls, 0)
  assert.ok(error.message.includes(`origins: [${foreign}]`))
  assert.equal(error.details['origin'], foreign)
})

test('a link to a foreign origin is refused before a credential exists', async (t) => {
  const origin = await serve(t, (_, response) => response.end('[]'))
  const { send } = testClient(t, origin, { auth: { sign: async () => assert.fail('signed') } })
  await failsWith(send({ url: 'https://elsewhere.example/next' }), 'ORIGIN_REFUSED')
  await failsWith(send({ url: origin.replace('http:', 'https:') }), 'ORIGIN_REFUSED')
  await failsWith(send({ url: origin.replace('127.0.0.1', 'localhost') }), 'ORIGIN_REFUSED')
})

test('another allowed origin is signed for, one without credentials gets neither signature nor own headers', async (t) => {
  const other = await serve(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const origin = await serve(t, (_, response) => response.writeHead(307, { location: other }).end())
  const seen = async (credentials: boolean) => {
    const origins = allowedOrigins({ base_url: `${origin}/v1`, origins: [{ url: other, credentials }] })
    const response = await testClient(t, origin, { auth, origins }).send({
      url: origin,
      headers: { 'x-api-key': 'Zo0', accept: 'text/x' },
    })
    return response.body.envelope as Record<string, string>
  }
  const trusted = await seen(true)
  assert.equal(trusted['authorization'], 'Bearer Zo0')
  assert.equal(trusted['x-api-key'], 'Zo0')
  const plain = await seen(false)
  assert.doesNotMatch(JSON.stringify(plain), /Zo0/)
  assert.equal(plain['accept'], 'text/x')
})

test('the origin of base_url always gets the credentials, whatever the list says', () => {
  const origins = allowedOrigins({
    base_url: 'https://a.example/v1',
    origins: ['https://B.example:443/x', { url: 'https://a.example', credentials: false }],
  })
  assert.deepEqual(
    [...origins],
    [
      ['https://b.example', { credentials: true }],
      ['https://a.example', { credentials: true }],
    ],
  )
})

test('a loop and an endless chain of redirects end', async (t) => {
  const origin = await serve(t, (request, response) => {
    const step = Number((request.url as string).slice(1))
    response.writeHead(302, { location: Number.isNaN(step) ? '/loop' : `/${step + 1}` }).end()
  })
  const loop = testClient(t, origin)
  await failsWith(loop.get('/loop'), 'API_REFUSED')
  assert.equal(loop.meter.requests, 1)
  const chain = testClient(t, origin)
  await failsWith(chain.get('/1'), 'API_REFUSED')
  assert.equal(chain.meter.requests, 11)
})

test('a redirect to what is no web address, or to nowhere, is refused', async (t) => {
  for (const location of ['file:///etc/passwd', 'http://[', 'javascript:alert(1)']) {
    const origin = await serve(t, (_, response) => response.writeHead(302, { location }).end())
    await failsWith(testClient(t, origin).get('/'), 'API_REFUSED')
  }
  const origin = await serve(t, (_, response) => response.writeHead(302).end())
  await failsWith(testClient(t, origin).get('/'), 'API_REFUSED')
})

test('a redirect that a rule speaks of is left alone', async (t) => {
  const origin = await serve(t, (_, response) => response.writeHead(302, { location: '/login' }).end())
  const error = await failsWith(
    testClient(t, origin, { rules: parseRules('[{"status": "3xx", "then": "restart_listing"}]') }).get('/'),
    'LISTING_EXPIRED',
  )
  assert.equal(error.details['status'], 302)
})
