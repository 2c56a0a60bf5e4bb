import assert from 'node:assert/strict'
import { type Hash, type Hmac, createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { type AwsSigner, signAws } from '../../src/auth/signature/sigv4-signature.ts'
import type { ApiRequest } from '../../src/http/send.ts'
import { serve, testClient } from '../http/support.ts'
import { authOf, createWorld } from './helpers.ts'

const secretKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const suiteSigner: AwsSigner = { accessKey: 'AKIDEXAMPLE', secretKey, region: 'us-east-1', service: 'service' }
const suiteTime = Date.UTC(2015, 7, 30, 12, 36)

const unreserved = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const form = 'application/x-www-form-urlencoded'

interface Vector {
  readonly target?: string
  readonly method?: 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signed?: string
  readonly signature: string
}

/**
 * AWS's test suite (aws-sig-v4-test-suite) by the names of its cases, and its signatures. Left out are get-utf8 and
 * get-space, whose request lines hold characters that no HTTP client sends.
 */
const vectors: Readonly<Record<string, Vector>> = {
  'get-header-key-duplicate': {
    headers: { 'my-header1': 'value2,value2,value1' },
    signed: 'host;my-header1;x-amz-date',
    signature: 'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
  },
  'get-header-value-order': {
    headers: { 'my-header1': 'value4,value1,value3,value2' },
    signed: 'host;my-header1;x-amz-date',
    signature: '08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01',
  },
  'get-header-value-trim': {
    headers: { 'my-header1': ' value1', 'my-header2': ' "a   b   c"' },
    signed: 'host;my-header1;my-header2;x-amz-date',
    signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  },
  'get-unreserved': {
    target: `/${unreserved}`,
    signature: '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
  },
  'get-vanilla': { signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  'get-vanilla-empty-query-key': {
    target: '/?Param1=value1',
    signature: 'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb',
  },
  'get-vanilla-query-order-key': {
    target: '/?Param1=value2&Param1=Value1',
    signature: 'eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1',
  },
  'get-vanilla-query-order-key-case': {
    target: '/?Param2=value2&Param1=value1',
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  'get-vanilla-query-order-value': {
    target: '/?Param1=value2&Param1=value1',
    signature: '5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694',
  },
  'get-vanilla-query-unreserved': {
    target: `/?${unreserved}=${unreserved}`,
    signature: '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197',
  },
  'get-vanilla-utf8-query': {
    target: '/?ሴ=bar',
    signature: '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04',
  },
  'get-relative': {
    target: '/example/..',
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  'get-relative-relative': {
    target: '/example1/example2/../..',
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  'get-slash': { target: '//', signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  'get-slash-dot-slash': {
    target: '/./',
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  'get-slash-pointless-dot': {
    target: '/./example',
    signature: 'ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5',
  },
  'get-slashes': {
    target: '//example//',
    signature: '9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84',
  },
  'post-header-key-sort': {
    method: 'POST',
    headers: { 'my-header1': 'value1' },
    signed: 'host;my-header1;x-amz-date',
    signature: 'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
  },
  'post-header-value-case': {
    method: 'POST',
    headers: { 'my-header1': 'VALUE1' },
    signed: 'host;my-header1;x-amz-date',
    signature: 'cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d',
  },
  'post-vanilla': {
    method: 'POST',
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  'post-vanilla-query': {
    method: 'POST',
    target: '/?Param1=value1',
    signature: '28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11',
  },
  'post-x-www-form-urlencoded': {
    method: 'POST',
    headers: { 'content-type': form },
    body: 'Param1=value1',
    signed: 'content-type;host;x-amz-date',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
  'post-x-www-form-urlencoded-parameters': {
    method: 'POST',
    headers: { 'content-type': `${form}; charset=utf8` },
    body: 'Param1=value1',
    signed: 'content-type;host;x-amz-date',
    signature: '1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe',
  },
}

for (const [name, vector] of Object.entries(vectors)) {
  test(`the signature is that of AWS's test case ${name}`, () => {
    const { target = '/', method = 'GET', headers = {}, body, signed = 'host;x-amz-date', signature } = vector
    const url = `https://example.amazonaws.com${target}`
    const request: ApiRequest = { method, url, headers, ...(body !== undefined && { body }) }
    const { authorization } = signAws(request, suiteSigner, suiteTime).headers
    const credential = 'AKIDEXAMPLE/20150830/us-east-1/service/aws4_request'
    assert.equal(
      authorization,
      `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${signature}`,
    )
  })
}

test('a session token is signed too, as in the test case post-sts-header-before', () => {
  const sessionToken =
    'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=='
  const request = { method: 'POST', url: 'https://example.amazonaws.com/', headers: {} } as const
  const { headers } = signAws(request, { ...suiteSigner, sessionToken }, suiteTime)
  assert.equal(headers['x-amz-security-token'], sessionToken)
  assert.match(
    headers['authorization'] ?? '',
    /SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead$/,
  )
})

test("S3's own examples come out, with the hash of the body in a header", () => {
  const signer = {
    accessKey: 'AKIAIOSFODNN7EXAMPLE',
    secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    region: 'us-east-1',
    service: 's3',
  }
  const examples = {
    '?lifecycle': 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    '?max-keys=2&prefix=J': '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  }
  for (const [query, signature] of Object.entries(examples)) {
    const request = { method: 'GET', url: `https://examplebucket.s3.amazonaws.com/${query}`, headers: {} } as const
    const { headers } = signAws(request, signer, Date.UTC(2013, 4, 24))
    assert.equal(headers['x-amz-content-sha256'], createHash('sha256').digest('hex'))
    assert.ok(headers['authorization']?.endsWith(`Signature=${signature}`), headers['authorization'])
  }
})

/** The hash that AWS's own signer takes. */
class Sha256 {
  readonly #hash: Hash | Hmac

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', toBytes(secret))
  }

  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(toBytes(chunk))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {}
}

function toBytes(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data)
}

const text = fc.string({ unit: 'grapheme', maxLength: 8 }).map((any) => any.toWellFormed())
const encode = (any: string): string =>
  encodeURIComponent(any).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

test("AWS's own signer agrees on any path, query, body and service", async () => {
  const arbitrary = fc.record({
    segments: fc.array(
      text.filter((any) => !/^\.*$/.test(any)),
      { maxLength: 3 },
    ),
    query: fc.dictionary(
      text.filter((any) => any !== ''),
      fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 3 })),
      {
        maxKeys: 4,
      },
    ),
    body: fc.option(text, { nil: undefined }),
    service: fc.constantFrom('s3', 'execute-api', 'es'),
    sessionToken: fc.option(fc.constant('token/+='), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(arbitrary, async ({ segments, query, body, service, sessionToken }) => {
      const path = `/${segments.map(encode).join('/')}`
      const pairs = Object.entries(query).flatMap(([name, value]) =>
        [value].flat().map((one) => `${encode(name)}=${encode(one)}`),
      )
      const url = `https://api.example:8443${path}?${pairs.join('&')}`
      const request: ApiRequest = {
        method: body === undefined ? 'GET' : 'POST',
        url,
        headers: { 'content-type': 'text/plain', 'x-own': ' a  b ' },
        ...(body !== undefined && { body }),
      }
      const signer = { ...suiteSigner, service, sessionToken }
      const ours = signAws(request, signer, suiteTime).headers

      const theirs = new SignatureV4({
        credentials: {
          accessKeyId: signer.accessKey,
          secretAccessKey: secretKey,
          ...(sessionToken !== undefined && { sessionToken }),
        },
        region: signer.region,
        service,
        sha256: Sha256,
        uriEscapePath: service !== 's3',
        applyChecksum: service === 's3',
      })
      const signed = await theirs.sign(
        {
          method: request.method,
          protocol: 'https:',
          hostname: 'api.example',
          port: 8443,
          path,
          query,
          headers: { ...request.headers, host: 'api.example:8443' },
          ...(body !== undefined && { body }),
        },
        { signingDate: new Date(suiteTime) },
      )
      assert.equal(ours['authorization'], signed.headers['authorization'])
    }),
    { numRuns: 300 },
  )
})

test('a plus sign in a query goes out as %20, so that there are no two ways to read it', () => {
  const request = { method: 'GET', url: 'https://api.example/?q=a+b', headers: {} } as const
  assert.equal(signAws(request, suiteSigner, suiteTime).url, 'https://api.example/?q=a%20b')
})

test('a request that AWS refuses as too old is signed by the clock of AWS and sent once more, and so are those after it', async (context) => {
  const theirs = Date.UTC(2025, 0, 1, 12)
  const times: string[] = []
  const origin = await serve(context, (request, response) => {
    const time = String(request.headers['x-amz-date'])
    times.push(time)
    response.sendDate = false
    response.setHeader('date', new Date(theirs).toUTCString())
    const good = time === '20250101T120000Z'
    response.writeHead(good ? 200 : 403).end(good ? '{}' : '{"message":"Signature expired"}')
  })
  const world = createWorld(context, { SECRET: secretKey })
  world.now = theirs - 600_000
  const config = {
    type: 'aws_sigv4',
    access_key: 'AKIDEXAMPLE',
    secret_key: 'env:SECRET',
    region: 'us-east-1',
    service: 'sts',
  }
  const client = testClient(context, origin, { auth: authOf(config, world.deps) })
  assert.equal((await client.get('/')).status, 200)
  assert.equal((await client.get('/')).status, 200)
  assert.deepEqual(times, ['20250101T115000Z', '20250101T120000Z', '20250101T120000Z'])
  assert.deepEqual([client.meter.retries, client.lines], [0, []])
})

test('of requests that are refused at once for the time they bear, each is signed anew by the clock of AWS', async (context) => {
  const theirs = Date.UTC(2025, 0, 1, 12)
  const waiting: (() => void)[] = []
  const origin = await serve(context, (request, response) => {
    response.sendDate = false
    response.setHeader('date', new Date(theirs).toUTCString())
    const good = request.headers['x-amz-date'] === '20250101T120000Z'
    const answer = () => response.writeHead(good ? 200 : 403).end(good ? '{}' : '{"message":"Signature expired"}')
    if (good) answer()
    else waiting.push(answer)
    // All of them are under way before the first is answered.
    if (!good && waiting.length === 5) for (const one of waiting) one()
  })
  const world = createWorld(context, { SECRET: secretKey })
  world.now = theirs - 600_000
  const config = {
    type: 'aws_sigv4',
    access_key: 'AKIDEXAMPLE',
    secret_key: 'env:SECRET',
    region: 'us-east-1',
    service: 'sts',
  }
  const client = testClient(context, origin, { auth: authOf(config, world.deps) })
  const answers = await Promise.all(Array.from({ length: 5 }, () => client.get('/')))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200, 200],
  )
})
