import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFileRecords } from '../../../src/secrets/token-store/file-records.ts'
import { makeDir, signal } from '../token-stores.ts'

test('of any number of swaps at once one succeeds, whatever was read before', async (context) => {
  const dir = makeDir(context)
  let at = 0
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 24 }), async (waits) => {
      const path = join(dir, `tokens-${(at += 1)}`)
      const counts = await Promise.all(
        waits.map(async (wait) => {
          const records = createFileRecords(path)
          const { record, tag } = await records.read(signal)
          for (let turn = 0; turn < wait; turn += 1) await new Promise((resolve) => setImmediate(resolve))
          const done = await records.swap({ ...record, beat: record.beat + 1 }, tag, signal)
          return done ? 1 : 0
        }),
      )
      const swaps = counts.reduce<number>((sum, count) => sum + count, 0)
      const { record, tag } = await createFileRecords(path).read(signal)
      // A swap that succeeded was seen by the next that did, so none was lost.
      assert.equal(record.beat, swaps)
      assert.equal(tag, String(swaps))
      const names = readdirSync(dir).filter((name) => name.startsWith(`tokens-${at}.`))
      const kept = Array.from({ length: Math.min(swaps, 8) }, (_, before) => `tokens-${at}.lease-${swaps - before}`)
      assert.deepEqual(new Set(names), new Set(kept))
    }),
    { numRuns: 60 },
  )
})

for (const [swaps, when] of [
  [3, 'a while'],
  [20, 'long'],
] as const)
  test(`a swap of what was read ${when} ago fails, whether its number is free again or not`, async (context) => {
    const path = join(makeDir(context), 'tokens')
    const records = createFileRecords(path)
    const old = await records.read(signal)
    for (let beat = 1; beat <= swaps; beat += 1) {
      const { tag } = await records.read(signal)
      await records.swap({ beat }, tag, signal)
    }
    assert.equal(await records.swap({ beat: 99 }, old.tag, signal), undefined)
    assert.equal((await records.read(signal)).record.beat, swaps)
  })

test('who holds it is never told that he does not, however soon others go on after him', async (context) => {
  const path = join(makeDir(context), 'tokens')
  let left = 300
  const holdInTurn = async (holder: string): Promise<void> => {
    const records = createFileRecords(path)
    while (left > 0) {
      const found = await records.read(signal)
      if (found.record.holder !== undefined) continue
      const taken = await records.swap({ beat: found.record.beat + 1, holder }, found.tag, signal)
      if (!taken) continue
      const noted = await records.swap({ beat: taken.record.beat + 1, holder }, taken.tag, signal)
      assert.ok(noted, 'who holds it could not change it')
      assert.ok(await records.swap({ beat: noted.record.beat + 1 }, noted.tag, signal), 'nor let it go')
      left -= 1
    }
  }
  await Promise.all(['one', 'two', 'three', 'four'].map(holdInTurn))
  assert.ok((await createFileRecords(path).read(signal)).record.beat >= 900)
})

test('a holder is gone when its process is, and not while it lives or where nothing is known of it', () => {
  const records = createFileRecords('tokens')
  const holder = records.nameHolder()
  const [place = '', , start = ''] = holder.split('/')
  assert.equal(records.isGone(holder), false)
  assert.equal(records.isGone(`${place}/4194305/${start}/x`), true)
  assert.equal(records.isGone(`${place}/${process.pid}/another-start/x`), true)
  assert.equal(records.isGone(`elsewhere/4194305/${start}/x`), false)
  assert.equal(records.isGone('nonsense'), false)
})
