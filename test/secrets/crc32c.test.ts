import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from '../../src/secrets/crc32c.ts'

/** RFC 3720 section B.4, and the check value of the CRC catalogue. */
const vectors: readonly [name: string, bytes: Uint8Array, crc: number][] = [
  ['nothing', new Uint8Array(), 0],
  ['the digits 1 to 9', Buffer.from('123456789'), 0xe3069283],
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 rising bytes', Uint8Array.from({ length: 32 }, (_, at) => at), 0x46dd794e],
  ['32 falling bytes', Uint8Array.from({ length: 32 }, (_, at) => 31 - at), 0x113fdb5c],
]

for (const [name, bytes, crc] of vectors) {
  test(`crc32c of ${name} is the published value`, () => assert.equal(crc32c(bytes), crc))
}
