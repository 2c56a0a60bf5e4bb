import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Spool } from '../../src/base/spool.ts'

for (const [where, limit] of [
  ['memory', 100],
  ['a temporary file', 3],
] as const)
  test(`the end of a spool in ${where} is read without what is before it`, async () => {
    await using spool = new Spool(limit)
    for (const text of ['abc', 'def', 'ghi']) await spool.write(Buffer.from(text))
    const ends = []
    for (const length of [2, 3, 5, 9, 20]) ends.push(Buffer.from(await spool.readEnd(length)).toString())
    assert.deepEqual(ends, ['hi', 'ghi', 'efghi', 'abcdefghi', 'abcdefghi'])
    assert.equal(spool.path !== undefined, limit === 3)
  })

test('the end of an empty spool is empty', async () => {
  await using spool = new Spool()
  assert.equal((await spool.readEnd(5)).length, 0)
})
