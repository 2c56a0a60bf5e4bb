import assert from 'node:assert/strict'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { createPageDecoder, formats, type Format } from '../../../src/decode/index.ts'
import type { PageBody } from '../../../src/decode/page-decoder.ts'
import { noShape } from '../../../src/schema/shape.ts'
import { serveRaw, testClient } from '../../http/support.ts'
import { defineBoundary } from '../boundary.ts'
import { mutated, mutatedBytes } from '../mutate.ts'

const bodies: Readonly<Record<Format, readonly string[]>> = {
  json: [
    '{"data":[{"id":1,"a":"x\\u00e9","b":[1,2.5e3,{"c":null}]},{"id":2},{"id":3,"d":true}],"next":"y","total":3}',
    '{"data":[],"next":null}',
  ],
  jsonl: ['{"id":1}\n{"id":2,"a":"x"}\n{"id":3}\n', '{"id":1}'],
  xml: ['<?xml version="1.0"?><data><i><id>1</id></i><i><id>2</id><a b="&lt;">x</a></i></data>', '<data/>'],
}
const packings = {
  identity: (bytes: Buffer) => bytes,
  gzip: gzipSync,
  zstd: zstdCompressSync,
  deflate: deflateSync,
  'deflate, gzip': (bytes: Buffer) => gzipSync(deflateRawSync(bytes)),
  br: brotliCompressSync,
} as const
type Packing = keyof typeof packings

const headers = [
  'Content-Type: application/json; charset=utf-8\r\n',
  'Content-Type: text/xml; charset=iso-8859-1\r\nLink: <?page=2>; rel="next"\r\n',
  'Content-Type: application/x-ndjson\r\nRetry-After: 1\r\nDate: Wed, 21 Oct 2015 07:28:00 GMT\r\n',
  'Set-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1\r\n',
  'WWW-Authenticate: Digest realm="a", nonce="b"\r\nLocation: /elsewhere\r\n',
]
const words = [
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Content-Encoding: gzip\r\n',
  '\r\n\r\n',
  ': ',
  ';',
]
const states = [
  '200 OK',
  '200 OK',
  '200 OK',
  '204 No Content',
  '206 Partial',
  '302 Found',
  '401 No',
  '404 No',
  '429 No',
  '503 No',
]

const input = fc.constantFrom(...formats).chain((format) =>
  fc.record({
    format: fc.constant(format),
    body: fc.oneof(
      fc.constantFrom(...bodies[format]),
      mutated(bodies[format], ['<', '"data":', ',{"id":9}', '\ufeff']),
    ),
    packing: fc.constantFrom(...(Object.keys(packings) as Packing[])),
    head: fc.oneof(fc.constant(headers[0] as string), mutated(headers, words)),
    state: fc.constantFrom(...states),
    broken: fc.boolean(),
  }),
)

export const providerAnswers = defineBoundary({
  name: 'answers of providers, of each format and packing, at the socket',
  runs: 600,
  input: input.chain((one) =>
    (one.broken ? mutatedBytes(pack(one)) : fc.constant(pack(one))).map((packed) => ({ ...one, packed })),
  ),
  open: async (t) => {
    let answer: Buffer = Buffer.alloc(0)
    let format: Format = 'json'
    const origin = await serveRaw(t, (socket) => socket.end(answer))
    const { get } = testClient(t, origin, {
      openDecoder: () =>
        createPageDecoder({
          format,
          rows: format === 'json' ? '$.data[*]' : format === 'xml' ? '$.data.i' : undefined,
          shape: () => noShape,
          listing: false,
          mayBeEmpty: false,
          where: 'GET /',
        }),
    })
    return async (one) => {
      ;({ format } = one)
      const length = one.head.toLowerCase().includes('content-length') ? '' : `Content-Length: ${one.packed.length}\r\n`
      const coding = one.packing === 'identity' ? '' : `Content-Encoding: ${one.packing}\r\n`
      const head = `HTTP/1.1 ${one.state}\r\nConnection: close\r\n${length}${coding}${one.head}\r\n`
      answer = Buffer.concat([Buffer.from(head, 'latin1'), one.packed])
      const { body } = await get('/')
      await using rows = body.rows
      const isSound = !one.broken && one.head === headers[0] && one.state === '200 OK'
      if (isSound && !body.problem && isKnown(one)) assert.deepEqual(await listRows(rows), rowsOf(one))
    }
  },
})

const pack = ({ body, packing }: { readonly body: string; readonly packing: Packing }): Buffer =>
  packings[packing](Buffer.from(body))

/** Of XML only what nobody has changed; of two members of one name it is not said which counts. */
function isKnown({ format, body }: Written): boolean {
  return format === 'xml' ? bodies.xml.includes(body) : body.split('"data"').length <= 2
}

interface Written {
  readonly format: Format
  readonly body: string
}

/** What JSON.parse makes of the body: where it refuses, no rows may come either. */
function rowsOf({ format, body }: Written): unknown {
  const text = Buffer.from(body).toString()
  if (format === 'xml') return body === bodies.xml[0] ? [{ id: '1' }, { id: '2', a: { '@b': '<', '#text': 'x' } }] : []
  if (format === 'json') return (JSON.parse(text.replace(/^\uFEFF/, '')) as { readonly data?: unknown }).data ?? []
  const lines = text.split('\n').map((line) => line.replace(/^\uFEFF+/, '').trim())
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown)
}

async function listRows(rows: PageBody['rows']): Promise<unknown> {
  const chunks: Uint8Array[] = []
  for await (const chunk of rows.lines.read()) chunks.push(chunk)
  return Buffer.concat(chunks)
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown)
}
