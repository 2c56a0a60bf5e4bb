import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import { toSyncError } from '../../src/base/errors.ts'
import { appendAll, createBatch } from './batch.ts'

/** Appends up to COUNT batches of some 400 KB that do not compress, then prints where it stands: SPEC COUNT. */
const [spec = '', count = '1'] = process.argv.slice(2)
let failure = ''
let seq = 0
try {
  await using destination = await openDestination(parseDestination(spec), 'acme')
  for (let left = Number(count); left > 0; left -= 1) {
    await appendAll(destination, {}, [
      (next) =>
        createBatch(
          next,
          Array.from({ length: 100 }, () => ({ id: next, name: createNoise(4_000) })),
        ),
    ])
    seq += 1
  }
} catch (thrown) {
  const error = toSyncError(thrown)
  failure = error.code
  process.stderr.write(`${error.message}\n`)
}
process.stdout.write(`${JSON.stringify({ seq, failure })}\n`)

function createNoise(length: number): string {
  return Array.from({ length: length / 10 }, () => Math.random().toString(36).slice(2, 12).padEnd(10, 'x')).join('')
}
