import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { createPageDecoder, type DecoderOptions } from '../../src/decode/index.ts'
import { noShape } from '../../src/schema/shape.ts'
import { failsWith, serve, serveRaw, testClient } from './support.ts'

const body = '{"data":[{"id":1},{"id":2}]}'
const mark = Buffer.from([0xef, 0xbb, 0xbf])
const utf16 = Buffer.from(`\uFEFF${body}`, 'utf16le')

interface Read {
  readonly rows?: string | undefined
  readonly format?: DecoderOptions['format']
  readonly replaceInvalid?: boolean
}

function clientOf(t: TestContext, origin: string, { rows, format = 'json', replaceInvalid }: Read = {}) {
  const repairs = new Set<string>()
  const onRepair = (repair: string) => void repairs.add(repair)
  const client = testClient(t, origin, {
    onRepair,
    openDecoder: ({ url, headers }) =>
      createPageDecoder({
        format,
        rows,
        replaceInvalid,
        onRepair,
        charset: /charset=(.*)/.exec(headers['content-type'] ?? '')?.[1],
        shape: () => noShape,
        listing: false,
        mayBeEmpty: false,
        where: `GET ${url}`,
      }),
  })
  return { ...client, repairs }
}

const ways = ['$.data[*]', '$.data[?@.id > 0]', undefined]
const unannounced = 'which their headers do not say'

for (const [name, bytes, headers, repair] of [
  ['gzip that no header names', gzipSync(body), {}, `packed by gzip, ${unannounced}`],
  ['zstd that no header names', zstdCompressSync(body), {}, `packed by zstd, ${unannounced}`],
  ['a file of gzip', gzipSync(body), { 'content-type': 'application/gzip' }, undefined],
  ['gzip inside of gzip', gzipSync(gzipSync(body)), { 'content-encoding': 'gzip' }, `packed by gzip, ${unannounced}`],
  ['text that a header calls gzip', Buffer.from(body), { 'content-encoding': 'gzip' }, 'are not packed, while'],
  ['zstd that a header calls gzip', zstdCompressSync(body), { 'content-encoding': 'gzip' }, 'zstd, while'],
  ['a byte order mark inside of gzip', gzipSync(Buffer.concat([mark, Buffer.from(body)])), {}, unannounced],
  ['UTF-16 with its byte order mark', utf16, {}, 'mark of utf-16le, while their headers say utf-8'],
  ['UTF-16 of the other order', Buffer.from(utf16).swap16(), {}, 'mark of utf-16be, while their headers say utf-8'],
  ['UTF-16 that a header names', utf16, { 'content-type': 'text/json; charset=utf-16' }, undefined],
  ['a byte order mark', Buffer.concat([mark, Buffer.from(body)]), {}, undefined],
] as const) {
  test(`${name} is read, and told where it is not what the headers say`, async (t) => {
    const origin = await serve(t, (_, response) => void response.writeHead(200, headers).end(bytes))
    for (const rows of ways) {
      const { get, repairs } = clientOf(t, origin, { rows })
      for (const path of ['/', '/2']) assert.equal((await get(path)).body.rows.count, 2, rows)
      const [told, ...more] = repairs
      assert.deepEqual(more, [])
      assert.ok(repair === undefined ? told === undefined : told?.includes(repair), `${repair}, not ${told}`)
    }
  })
}

test('UTF-32 is refused by its name', async (t) => {
  const points = [0xfeff, ...Buffer.from(body)]
  const utf32 = Buffer.from(Uint32Array.from(points).buffer)
  for (const bytes of [utf32, Buffer.from(utf32).swap32()])
    for (const format of ['json', 'jsonl', 'xml'] as const) {
      const origin = await serve(t, (_, response) => void response.end(bytes))
      const { message } = await failsWith(clientOf(t, origin, { format }).get('/'), 'RESPONSE_INVALID')
      assert.match(
        message,
        format === 'xml' ? /a charset that is not known/ : /charset "utf-32[bl]e", which is not known/,
      )
    }
})

const broken = Buffer.from('{"data":[{"id":1,"name":"\u00ff"},{"id":2}]}', 'latin1')
const halfPair = Buffer.from('{"data":[{"id":1,"name":"\uDC00"},{"id":2}]}', 'utf16le')

for (const [name, bytes, headers, read] of [
  ['rows picked by a filter', broken, {}, { rows: '$.data[?@.id > 0]' }],
  ['another charset', halfPair, { 'content-type': 'text/json; charset=utf-16le' }, { rows: '$.data[*]' }],
  ['XML', Buffer.from('<a><b>\u00ff</b><b>2</b></a>', 'latin1'), {}, { format: 'xml', rows: '$.a.b[*]' }],
] as const) {
  test(`bytes that are no text are refused, or replaced with a word about it: ${name}`, async (t) => {
    const origin = await serve(t, (_, response) => void response.writeHead(200, headers).end(bytes))
    const { message } = await failsWith(clientOf(t, origin, read).get('/'), 'RESPONSE_INVALID')
    assert.match(message, /add invalid_utf8: replace/)
    const { get, repairs } = clientOf(t, origin, { ...read, replaceInvalid: true })
    assert.equal((await get('/')).body.rows.count, 2)
    assert.match([...repairs].join(), /^Rows hold bytes that are no UTF-8; U\+FFFD is stored in their place\.$/)
  })
}

test('bytes beside the rows that are no text are told', async (t) => {
  const bytes = Buffer.from('{"next":"\u00ff","data":[{"id":1}]}', 'latin1')
  const { get, repairs } = clientOf(t, await serve(t, (_, response) => void response.end(bytes)), { rows: '$.data[*]' })
  await get('/')
  assert.match([...repairs].join(), /bytes beside their rows that are no UTF-8/)
})

test('what swells as no rows do is refused before it is all there', async (t) => {
  for (const bytes of [
    gzipSync(Buffer.alloc(64 * 1024 * 1024, ' ')),
    gzipSync(gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '))),
  ]) {
    const origin = await serve(
      t,
      (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes),
    )
    const { message } = await failsWith(clientOf(t, origin, { format: 'jsonl' }).get('/'), 'RESPONSE_TOO_LARGE')
    assert.match(message, /unpack to over 200 times as many/)
  }
})

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
    const { get, meter } = clientOf(t, origin, { rows: '$.data[*]' })
    assert.equal((await get('/')).body.rows.count, 2)
    assert.equal(meter.requests, 3)
    const searching = clientOf(
      t,
      await serveRaw(t, (socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${body.slice(0, cut)}`)),
    )
    await failsWith(searching.get('/'), 'RESPONSE_INVALID')
    assert.equal(searching.meter.requests, 3)
  })
}

for (const [format, whole, wrong] of [
  [
    'xml',
    '<?xml version="1.0"?>\n<!-- all -->\n<list>\n<row><id>1</id></row><row><id>2</id></row></list>',
    ['<list><row><id>1</row></list>', '<html><body>Sign in'],
  ],
  ['jsonl', '{"id":1}\n{"id":2,"name":"a, b","tags":[true, 3]}', ['{"id":1}\n{"id" 2']],
] as const) {
  test(`${format} that a closing connection cuts anywhere is asked for again, what is broken is not`, async (t) => {
    const begin = whole.indexOf('\n{') + 2
    for (let cut = Math.max(begin, 6); cut < whole.length; cut++) {
      let calls = 0
      const origin = await serveRaw(t, (socket) => {
        socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${++calls === 1 ? whole.slice(0, cut) : whole}`)
      })
      const { get, meter } = clientOf(t, origin, { rows: format === 'xml' ? '$.list.row[*]' : undefined, format })
      assert.equal((await get('/')).body.rows.count, 2, whole.slice(0, cut))
      assert.equal(meter.requests, 2)
    }
    for (const broken of wrong) {
      const { get, meter } = clientOf(t, await serve(t, (_, response) => void response.end(broken)), { format })
      await failsWith(get('/'), 'RESPONSE_INVALID')
      assert.equal(meter.requests, 1, broken)
    }
  })
}
