import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createGzip } from 'node:zlib'
import { moreMemory } from '../../src/destinations/duckdb/limits.ts'
import { SyncError } from '../../src/base/errors.ts'
import { limitsFor, memoryOf } from '../../src/base/memory.ts'

const mebibyte = 1024 ** 2
const script = fileURLToPath(new URL('measured-run.ts', import.meta.url))

/** Runs a stream in a process that takes 512 MiB for all there is. */
async function measure(t: TestContext, answer: RequestListener, stream: string) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close().closeAllConnections())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const env = { ...process.env, HEADRACE_MEMORY: '512' }
  const args = [script, url, `{ name: rows, path: /rows, rows: '$[*]', paginator: { type: none }${stream} }`]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env })
  return JSON.parse(stdout) as { rows: number; rejected: number; code?: string; peak: number }
}

/** A row whose one value has `megabytes`; it packs to a seventieth. */
function* bodyOf(megabytes: number): Generator<string> {
  yield '[{"id":1},{"id":2,"text":"'
  for (let at = 0; at < megabytes * 32; at++) yield `${randomBytes(200).toString('hex')}${'x'.repeat(30_850)}`
  yield '"},{"id":3}]'
}

test('a value of 200 MB is refused in a process of 512 MiB', async (t) => {
  const answer: RequestListener = (_, response) => void pipeline(Readable.from(bodyOf(200)), response).catch(() => {})
  const { peak, ...found } = await measure(t, answer, ', max_body: 300000000')
  assert.deepEqual(found, { rows: 2, rejected: 1 })
  assert.ok(peak < 450, `${peak} MB`)
})

test('what a packed answer swells to is capped by the memory that is there', async (t) => {
  const answer: RequestListener = (_, response) => {
    response.setHeader('content-encoding', 'gzip')
    void pipeline(Readable.from(bodyOf(200)), createGzip({ level: 1 }), response).catch(() => {})
  }
  const { peak, ...found } = await measure(t, answer, '')
  assert.deepEqual(found, { rows: 0, rejected: 0, code: 'RESPONSE_TOO_LARGE' })
  assert.ok(peak < 450, `${peak} MB`)
})

test('the limits follow from the memory, within bounds', (t) => {
  assert.deepEqual(limitsFor(512 * mebibyte), { body: 128 * mebibyte, whole: 16 * mebibyte })
  assert.deepEqual(limitsFor(64 * mebibyte), { body: 64 * mebibyte, whole: 4 * mebibyte })
  assert.deepEqual(limitsFor(64 * 1024 * mebibyte), { body: 1024 * mebibyte, whole: 32 * mebibyte })
  const before = process.env['HEADRACE_MEMORY']
  t.after(() =>
    before === undefined ? delete process.env['HEADRACE_MEMORY'] : (process.env['HEADRACE_MEMORY'] = before),
  )
  process.env['HEADRACE_MEMORY'] = '512'
  assert.deepEqual([moreMemory(80), moreMemory(200), moreMemory(400)], [200, 400, undefined])
  assert.equal(memoryOf({ HEADRACE_MEMORY: '512' }), 512 * mebibyte)
  assert.throws(() => memoryOf({ HEADRACE_MEMORY: '512Mi' }), SyncError)
})
