import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { noRows } from '../../src/decode/page-rows.ts'
import { failsWith, parseRules, serve, serveRaw, testClient } from './support.ts'

const page = JSON.stringify({ rows: Array.from({ length: 5_000 }, (_, id) => ({ id, name: `row ${id}` })) })

const codings = {
  gzip: [gzipSync],
  'x-gzip': [gzipSync],
  deflate: [deflateSync],
  br: [brotliCompressSync],
  zstd: [zstdCompressSync],
  'gzip, br': [gzipSync, brotliCompressSync],
  'DEFLATE, identity, zstd': [deflateSync, zstdCompressSync],
}

test('a body is decoded whatever its content encoding, several in a row too', async (t) => {
  const origin = await serve(t, (request, response) => {
    const coding = decodeURIComponent((request.url as string).slice(1)) as keyof typeof codings
    response.setHeader('content-encoding', coding)
    response.end(codings[coding].reduce((body: Buffer, compress) => compress(body), Buffer.from(page)))
  })
  const { get, meter } = testClient(t, origin)
  for (const coding of Object.keys(codings)) {
    meter.bytes = 0
    const { body } = await get(`/${encodeURIComponent(coding)}`)
    assert.deepEqual(body.envelope, JSON.parse(page), coding)
    assert.equal(meter.bytes, page.length)
  }
})

test('deflate without its zlib head is understood', async (t) => {
  const origin = await serve(t, (_, response) => {
    response.setHeader('content-encoding', 'deflate')
    response.end(deflateRawSync(page))
  })
  assert.deepEqual((await testClient(t, origin).get('/')).body.envelope, JSON.parse(page))
})

test('an empty body with a content encoding is an empty body', async (t) => {
  const origin = await serve(t, (_, response) => {
    response.setHeader('content-encoding', 'gzip')
    response.end()
  })
  await failsWith(testClient(t, origin).get('/'), 'RESPONSE_INVALID')
})

test('an unknown content encoding is refused at once', async (t) => {
  const origin = await serve(t, (_, response) => {
    response.setHeader('content-encoding', 'compress')
    response.end('x')
  })
  const { get, meter } = testClient(t, origin)
  const error = await failsWith(get('/'), 'RESPONSE_INVALID')
  assert.match(error.message, /"compress"/)
  assert.equal(meter.requests, 1)
})

test('a body that is not what its content encoding says is refused', async (t) => {
  for (const coding of ['br', 'deflate']) {
    const origin = await serve(t, (_, response) => {
      response.setHeader('content-encoding', coding)
      response.end('x'.repeat(1_000))
    })
    const { get, decoders } = testClient(t, origin)
    await failsWith(get('/'), 'RESPONSE_INVALID')
    assert.deepEqual(decoders, { opened: 1, ended: 0, discarded: 1 }, coding)
  }
})

for (const [coding, compress] of Object.entries({
  gzip: gzipSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
  deflate: deflateSync,
})) {
  test(`a ${coding} body that ends too early is tried again`, async (t) => {
    let calls = 0
    const origin = await serve(t, (_, response) => {
      const body = compress(page)
      response.setHeader('content-encoding', coding)
      response.end(++calls < 3 ? body.subarray(0, body.length - 40) : body)
    })
    const { get, decoders } = testClient(t, origin)
    assert.deepEqual((await get('/')).body.envelope, JSON.parse(page))
    assert.deepEqual(decoders, { opened: 3, ended: 1, discarded: 2 })
  })
}

test('a body shorter than its Content-Length is tried again', async (t) => {
  let calls = 0
  const origin = await serveRaw(t, (socket) => {
    const body = calls++ === 0 ? '[1' : '[1]'
    socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n${body}`)
  })
  const { get, decoders } = testClient(t, origin)
  assert.deepEqual((await get('/')).body.envelope, [1])
  assert.deepEqual(decoders, { opened: 2, ended: 1, discarded: 1 })
})

test('a chunked body without its last chunk is tried again, and in the end unavailable', async (t) => {
  const origin = await serveRaw(t, (socket) =>
    socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n'),
  )
  const { get, meter, decoders } = testClient(t, origin)
  const error = await failsWith(get('/'), 'API_UNAVAILABLE')
  assert.match(error.message, /after 3 attempts/)
  assert.deepEqual({ requests: meter.requests, retries: meter.retries }, { requests: 3, retries: 2 })
  assert.deepEqual(decoders, { opened: 3, ended: 0, discarded: 3 })
})

test('a body that never ends, or comes in drips, is cut at the timeout', async (t) => {
  const origin = await serveRaw(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    const drip = setInterval(() => socket.write('1\r\n1\r\n'), 20)
    socket.on('close', () => clearInterval(drip))
  })
  const { get, decoders } = testClient(t, origin, { timeout: 150 })
  await failsWith(get('/'), 'REQUEST_TIMEOUT')
  assert.deepEqual(decoders, { opened: 3, ended: 0, discarded: 3 })
})

test('a server that never answers is cut at the timeout', async (t) => {
  const origin = await serveRaw(t, () => {})
  await failsWith(testClient(t, origin, { timeout: 60 }).get('/'), 'REQUEST_TIMEOUT')
})

test('a refused connection is unavailable', async (t) => {
  const { get } = testClient(t, 'http://127.0.0.1:1')
  const error = await failsWith(get('/'), 'API_UNAVAILABLE')
  assert.match(error.message, /ECONNREFUSED/)
})

test('a decompression bomb is refused after the limit, without being held', async (t) => {
  const bomb = gzipSync(gzipSync(Buffer.alloc(64 * 1024 * 1024)))
  const origin = await serve(t, (_, response) => {
    response.setHeader('content-encoding', 'gzip, gzip')
    response.end(bomb)
  })
  let largest = 0
  let seen = 0
  const { get, meter } = testClient(t, origin, {
    limits: { body: 8 * 1024 * 1024 },
    openDecoder: () => ({
      write: (chunk) => {
        seen += chunk.length
        largest = Math.max(largest, chunk.length)
      },
      end: async () => ({ envelope: null, rows: noRows(), bytes: seen }),
      discard: async () => {},
    }),
  })
  await failsWith(get('/'), 'RESPONSE_TOO_LARGE')
  assert.equal(meter.requests, 1)
  assert.ok(seen <= 8 * 1024 * 1024 && largest <= 64 * 1024, `${seen} bytes in chunks of ${largest}`)
})

test('a body beyond the limit is refused by its Content-Length before it is read, or once it gets there', async (t) => {
  const origin = await serve(t, (request, response) => {
    if (request.url === '/told') response.setHeader('content-length', 2_000)
    response.write('x'.repeat(1_000))
    response.end('x'.repeat(1_000))
  })
  const { get, decoders } = testClient(t, origin, { limits: { body: 1_000 } })
  await failsWith(get('/told'), 'RESPONSE_TOO_LARGE')
  assert.equal(decoders.opened, 0)
  await failsWith(get('/untold'), 'RESPONSE_TOO_LARGE')
  assert.equal(decoders.discarded, 1)
})

test('a decoder that asks to wait slows the provider down, and gets every byte in order', async (t) => {
  const body = Buffer.alloc(8 * 1024 * 1024, 'abcdefgh')
  const origin = await serve(t, (_, response) => response.end(body))
  const parts: Buffer[] = []
  let writing = 0
  const { get } = testClient(t, origin, {
    openDecoder: () => ({
      write: async (chunk) => {
        assert.equal(++writing, 1, 'one chunk at a time')
        await new Promise(setImmediate)
        parts.push(Buffer.from(chunk))
        writing--
      },
      end: async () => ({ envelope: Buffer.concat(parts).equals(body), rows: noRows(), bytes: body.length }),
      discard: async () => {},
    }),
  })
  assert.equal((await get('/')).body.envelope, true)
})

test('a slow decoder does not let the body pile up in memory', async (t) => {
  const chunk = Buffer.alloc(1024 * 1024)
  let sent = 0
  const origin = await serve(t, (_, response) => {
    const more = () => void (sent++ < 64 ? response.write(chunk, more) : response.end())
    more()
  })
  let seen = 0
  let ahead = 0
  const { get } = testClient(t, origin, {
    openDecoder: () => ({
      write: async (part) => {
        seen += part.length
        ahead = Math.max(ahead, sent - seen / chunk.length)
        for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
      },
      end: async () => ({ envelope: null, rows: noRows(), bytes: seen }),
      discard: async () => {},
    }),
  })
  assert.equal((await get('/')).body.bytes, 64 * chunk.length)
  assert.ok(ahead < 32, `${ahead} MiB ahead`)
})

test('a decoder that waits while the connection is closed still gets every byte', async (t) => {
  const body = `[${'1,'.repeat(300_000)}1]`
  const origin = await serveRaw(t, (socket) =>
    socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`),
  )
  const parts: Buffer[] = []
  let writing = 0
  const { get } = testClient(t, origin, {
    openDecoder: () => ({
      write: async (chunk) => {
        assert.equal(++writing, 1, 'one chunk at a time')
        await new Promise((resolve) => setTimeout(resolve, 1))
        parts.push(Buffer.from(chunk))
        writing--
      },
      end: async () => ({ envelope: Buffer.concat(parts).toString() === body, rows: noRows(), bytes: 0 }),
      discard: async () => {},
    }),
  })
  assert.equal((await get('/')).body.envelope, true)
})

test('a decoder that throws ends the request at once, without another try', async (t) => {
  const origin = await serve(t, (_, response) => response.end('<html>'))
  const { get, meter, decoders } = testClient(t, origin)
  await failsWith(get('/'), 'RESPONSE_INVALID')
  assert.equal(meter.requests, 1)
  assert.deepEqual(decoders, { opened: 1, ended: 1, discarded: 1 })
})

test('of an error answer at most 64 KiB are read, and the connection is not left hanging', async (t) => {
  const origin = await serve(t, (_, response) => {
    response.writeHead(404)
    const more = () => void (response.destroyed || response.write('x'.repeat(64 * 1024), () => setImmediate(more)))
    more()
  })
  const rules = parseRules('[{"status": 404, "then": "ignore"}]')
  const { body, status } = await testClient(t, origin, { rules }).get('/')
  assert.equal(status, 404)
  assert.equal(body.envelope, 'x'.repeat(64 * 1024))
  assert.equal(body.rows.count, 0)
})

test('an error answer whose body breaks off still counts by its status', async (t) => {
  const origin = await serveRaw(t, (socket) =>
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\n{"mess'),
  )
  const error = await failsWith(testClient(t, origin).get('/'), 'API_REFUSED')
  assert.equal(error.details['status'], 404)
})

test('connections are kept and used again, also after an error', async (t) => {
  const ports = new Set<number | undefined>()
  const origin = await serve(t, (request, response) => {
    ports.add(request.socket.remotePort)
    response.writeHead(request.url === '/2' ? 404 : 200).end('[]')
  })
  const { get } = testClient(t, origin, { rules: parseRules('[{"status": 404, "then": "ignore"}]') })
  for (let n = 0; n < 20; n++) await get(`/${n}`)
  // The pool opens a second one, as it gives the first a moment to be closed by the server.
  assert.ok(ports.size <= 2, `${ports.size} connections`)
})

test('headers go out as configured, but for those of the connection', async (t) => {
  const origin = await serve(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const { send } = testClient(t, origin)
  const headers = {
    host: 'elsewhere.example',
    'content-length': '7',
    connection: 'upgrade',
    'transfer-encoding': 'chunked',
    'x-own': 'yes',
  }
  const plain = (await send({ url: origin, headers })).body.envelope as Record<string, string>
  assert.equal(plain['host'], new URL(origin).host)
  assert.equal(plain['x-own'], 'yes')
  assert.match(plain['user-agent'] as string, /^headrace\/\d+\.\d+\.\d+/)
  assert.equal(plain['accept-encoding'], 'gzip, deflate, br, zstd')
  const own = (await send({ url: origin, headers: { 'user-agent': 'mine/1', accept: 'application/vnd.api+json' } }))
    .body.envelope
  assert.equal((own as Record<string, string>)['user-agent'], 'mine/1')
  assert.equal((own as Record<string, string>)['accept'], 'application/vnd.api+json')
})

test('a header that no request can bear is a mistake of the connector', async (t) => {
  const origin = await serve(t, (_, response) => response.end('[]'))
  await failsWith(testClient(t, origin).send({ url: origin, headers: { 'x-bad': 'a\nb' } }), 'CONFIG_INVALID')
})

test('an aborted signal interrupts at once, before, while waiting for an answer, and in the body', async (t) => {
  const origin = await serveRaw(t, (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1'))
  const silent = await serveRaw(t, () => {})
  await failsWith(testClient(t, origin).get('/', AbortSignal.abort()), 'INTERRUPTED')
  for (const target of [origin, silent]) {
    const { get, meter } = testClient(t, target)
    await failsWith(get('/', AbortSignal.timeout(50)), 'INTERRUPTED')
    assert.equal(meter.requests, 1)
  }
})
