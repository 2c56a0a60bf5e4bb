import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Checkpoint } from '../../src/destinations/checkpoint.ts'
import { createSealer } from '../../src/sync/seal-place.ts'

const secret = 'Kq7-canary/9fW2+xTz=Lm4pQ'
const redact = (text: string): string =>
  text.replaceAll(encodeURIComponent(secret), '[secret]').replaceAll(secret, '[secret]')

const at = (url: string, headers: Readonly<Record<string, string>> = {}): Checkpoint => ({
  done: 7,
  open: {
    place: { next: { method: 'GET', url, headers }, tally: { pages: 2, rows: 20 } },
    highest: 9,
    began: 0,
    pages: 2,
    mark: 'm',
    source: 'fingerprint',
    runs: ['run-1'],
  },
})

for (const [where, checkpoint] of Object.entries({
  'the query': at(`https://api.example/rows?after=${encodeURIComponent(secret)}`),
  'a header': at('https://api.example/rows', { 'x-key': secret }),
})) {
  test(`a place with a secret in ${where} is encrypted, and read again with the same secrets`, () => {
    const sealed = createSealer({ redact, secrets: [secret, 'other'] }).seal(checkpoint)
    const text = JSON.stringify(sealed)
    assert.equal(redact(text), text)
    assert.deepEqual([sealed.done, sealed.open?.source, sealed.open?.runs], [7, 'fingerprint', ['run-1']])
    const again = createSealer({ redact, secrets: ['other', secret, secret] }).unseal(JSON.parse(text) as Checkpoint)
    assert.deepEqual(again, checkpoint)
  })
}

test('a place without a secret stays readable', () => {
  const checkpoint = at('https://api.example/rows?page=3')
  const sealer = createSealer({ redact, secrets: [secret] })
  assert.equal(sealer.seal(checkpoint), checkpoint)
  assert.equal(sealer.unseal(checkpoint), checkpoint)
  assert.deepEqual(sealer.seal({ done: 1 }), { done: 1 })
})

test('a place that cannot be read any more belongs to no source, so that its listing starts again', () => {
  const sealed = createSealer({ redact, secrets: [secret] }).seal(at(`https://api.example/?k=${secret}`))
  for (const secrets of [['another one'], []]) {
    const { done, open } = createSealer({ redact, secrets }).unseal(sealed)
    assert.deepEqual([done, open?.source, open?.runs], [7, '', ['run-1']])
  }
  const without = createSealer({ redact, secrets: [] })
  const lost = without.seal(at(`https://api.example/?k=${secret}`))
  assert.ok(!JSON.stringify(lost).includes(secret))
  assert.equal(without.unseal(lost).open?.source, '')
})
