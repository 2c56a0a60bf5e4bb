import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { createPageDecoder, type DecoderOptions } from '../../src/decode/index.ts'
import { noShape } from '../../src/schema/shape.ts'
import { failsWith, serve, serveRaw, testClient } from './support.ts'

const body = '{"data":[{"id":1},{"id":2}]}'
const mark = Buffer.from([0xef, 0xbb, 0xbf])
const utf16 = Buffer.from(`\uFEFF${body}`, 'utf16le')

function clientOf(
  t: TestContext,
  origin: string,
  rows: string | undefined = '$.data[*]',
  format: DecoderOptions['format'] = 'json',
) {
  const open = (where: string) =>
    createPageDecoder({ format, rows, shape: () => noShape, listing: false, mayBeEmpty: false, where })
  return testClient(t, origin, { openDecoder: ({ url }) => open(`GET ${url}`) })
}

for (const [name, bytes, headers] of [
  ['gzip that no header names', gzipSync(body), {}],
  ['zstd that no header names', zstdCompressSync(body), {}],
  ['gzip inside of gzip', gzipSync(gzipSync(body)), { 'content-encoding': 'gzip' }],
  ['text that a header calls gzip', Buffer.from(body), { 'content-encoding': 'gzip' }],
  ['zstd that a header calls gzip', zstdCompressSync(body), { 'content-encoding': 'gzip' }],
  ['a byte order mark inside of gzip', gzipSync(Buffer.concat([mark, Buffer.from(body)])), {}],
  ['UTF-16 with its byte order mark', utf16, {}],
  ['UTF-16 of the other order', Buffer.from(utf16).swap16(), {}],
  ['a byte order mark', Buffer.concat([mark, Buffer.from(body)]), {}],
] as const) {
  test(`${name} is read`, async (t) => {
    const origin = await serve(t, (_, response) => void response.writeHead(200, headers).end(bytes))
    for (const rows of ['$.data[*]', '$.data[?@.id > 0]', undefined])
      assert.equal((await clientOf(t, origin, rows).get('/')).body.rows.count, 2, rows)
  })
}

test('a zip archive is refused in words', async (t) => {
  const origin = await serve(t, (_, response) => void response.end(Buffer.from('PK\u0003\u0004 and more')))
  assert.match((await failsWith(clientOf(t, origin).get('/'), 'RESPONSE_INVALID')).message, /a zip archive/)
})

test('what swells behind a gzip that no header names is held to the same bound', async (t) => {
  const origin = await serve(t, (_, response) => void response.end(gzipSync(Buffer.alloc(1_000_000, ' '))))
  const client = testClient(t, origin, { limits: { body: 100_000 } })
  await failsWith(client.get('/'), 'RESPONSE_TOO_LARGE')
})

for (const cut of [12, 20, body.length - 1]) {
  test(`a body that a closing connection cuts after ${cut} bytes is asked for again`, async (t) => {
    let calls = 0
    const origin = await serveRaw(t, (socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${++calls < 3 ? body.slice(0, cut) : body}`)
    })
    const { get, meter } = clientOf(t, origin)
    assert.equal((await get('/')).body.rows.count, 2)
    assert.equal(meter.requests, 3)
    const searching = clientOf(
      t,
      await serveRaw(t, (socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${body.slice(0, cut)}`)),
      undefined,
    )
    await failsWith(searching.get('/'), 'RESPONSE_INVALID')
    assert.equal(searching.meter.requests, 3)
  })
}

for (const [format, whole] of [
  ['xml', '<?xml version="1.0"?>\n<!-- all -->\n<list>\n<row><id>1</id></row><row><id>2</id></row></list>'],
  ['jsonl', '{"id":1}\n{"id":2,"name":"a, b","tags":[true, 3]}'],
] as const) {
  test(`${format} that a closing connection cuts anywhere is asked for again`, async (t) => {
    const begin = whole.indexOf('\n{') + 2
    for (let cut = Math.max(begin, 6); cut < whole.length; cut++) {
      let calls = 0
      const origin = await serveRaw(t, (socket) => {
        socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${++calls === 1 ? whole.slice(0, cut) : whole}`)
      })
      const { get, meter } = clientOf(t, origin, format === 'xml' ? '$.list.row[*]' : undefined, format)
      assert.equal((await get('/')).body.rows.count, 2, whole.slice(0, cut))
      assert.equal(meter.requests, 2)
    }
  })
}

for (const [format, broken] of [
  ['xml', '<list><row><id>1</row></list>'],
  ['xml', '<html><body>Sign in'],
  ['jsonl', '{"id":1}\n{"id" 2'],
] as const) {
  test(`${format} that is broken, not cut, is asked for once: ${broken.length} bytes`, async (t) => {
    const origin = await serve(t, (_, response) => void response.end(broken))
    const { get, meter } = clientOf(t, origin, undefined, format)
    await failsWith(get('/'), 'RESPONSE_INVALID')
    assert.equal(meter.requests, 1)
  })
}
