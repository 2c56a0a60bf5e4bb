import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decode } from './support.ts'

const tokens = ['NaN', 'Infinity', '-Infinity'] as const

/** A value as two texts: as the provider writes it, and as it is to be read. */
type Texts = readonly [written: string, read: string]
const same = (text: string): Texts => [text, text]

const string = fc
  .oneof(fc.string(), fc.constantFrom(...tokens, 'a NaN", Infinity\\', '[-Infinity]', '\\"NaN'))
  .map((text) => same(JSON.stringify(text)))
const scalar = fc.oneof(
  fc.constantFrom(...tokens).map((token): Texts => [token, 'null']),
  string,
  fc.constantFrom('0', '-1', '-12.5e3', 'true', 'null').map(same),
)
const space = fc.constantFrom('', ' ', '\t ')
const { value } = fc.letrec<{ value: Texts; list: Texts; object: Texts }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, scalar, tie('list'), tie('object')),
  list: fc
    .tuple(fc.array(tie('value'), { maxLength: 4 }), space)
    .map(([items, gap]): Texts => [
      `[${items.map(([written]) => gap + written).join()}${gap}]`,
      `[${items.map(([, read]) => read).join()}]`,
    ]),
  object: fc
    .tuple(fc.array(fc.tuple(string, tie('value')), { maxLength: 4 }), space)
    .map(([members, gap]): Texts => [
      `{${members.map(([[key], [written]]) => `${key}:${gap}${written}${gap}`).join()}}`,
      `{${members.map(([[key], [, read]]) => `${key}:${read}`).join()}}`,
    ]),
}))
const row = value.map(([written, read]): Texts => [`{"id":${written}}`, `{"id":${read}}`])
const cuts = fc.array(fc.nat(), { maxLength: 8 })

const parse = (text: string): unknown[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown)

test('each NaN and Infinity outside of texts is null, in all ways to find rows and however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1 }), value, cuts, async (rows, beside, at) => {
      const expected = rows.map(([, read]) => JSON.parse(read) as unknown)
      const data = rows.map(([written]) => written).join()
      const repairs = new Set<string>()
      const options = { nonFinite: 'null', onRepair: (text: string) => void repairs.add(text), cuts: at } as const
      for (const path of ['$.data[*]', '$.data[?@.id || !@.id]']) {
        const page = await decode(`{"a":${beside[0]},"data":[${data}],"z":${beside[0]}}`, { ...options, rows: path })
        assert.deepEqual(parse(page.text), expected, path)
        assert.deepEqual((page.envelope as { z: unknown }).z, JSON.parse(beside[1]))
      }
      const found = await decode(`[${data}]`, { ...options, rows: undefined })
      assert.deepEqual(parse(found.text), expected)
      const lines = await decode(rows.map(([written]) => `${written}\n`).join(''), { ...options, format: 'jsonl' })
      assert.deepEqual(parse(lines.text), expected)
      const isThere = rows.some(([written, read]) => written.replaceAll(/\s/g, '') !== read.replaceAll(/\s/g, ''))
      if (isThere) assert.equal(repairs.size, 1)
    }),
  )
})

const bodies = [
  ['$.data[*]', '{"data":[{"id":1,"b":"NaN"},{"id":NaN}]}'],
  ['$.data[*]', '{"total":-Infinity,"data":[{"id":1}]}'],
  ['$.data[*]', '{"data":[{"id":1},{"id":2}],"total":Infinity}'],
  ['$.data[*]', '{"data":[{"id":1}, NaN]}'],
  ['$.data[?@.id > 0]', '{"data":[{"id":1},{"id":Infinity}]}'],
  [undefined, '{"data":[{"id":1},{"id":-Infinity}]}'],
] as const

test('where the stream does not say so, the failure names the number, its byte and the key to add', async () => {
  for (const [rows, body] of bodies) {
    const [token = ''] = /(?<!")-?(?:NaN|Infinity)/.exec(body) ?? []
    for (let cut = 0; cut < body.length; cut++)
      await assert.rejects(
        decode(body, { rows, cuts: [cut] }),
        {
          code: 'RESPONSE_INVALID',
          message: new RegExp(`holds ${token} at byte ${body.search(/(?<!")-?(?:NaN|Inf)/)},.*non_finite: 'null'`),
        },
        `${rows} ${body}`,
      )
  }
  for (const body of ['{"id":1}\n{"id":NaN}\n', '{"id":1}\n{"id":NaN}'])
    await assert.rejects(decode(body, { format: 'jsonl' }), {
      code: 'RESPONSE_INVALID',
      message: /holds NaN at byte 15,/,
    })
  for (const word of ['nan', 'NaN1', 'Infinit', '--Infinity', '+Infinity', '-NaN', 'NaNNaN', '1NaN'])
    for (let cut = 0; cut < 30; cut++)
      await assert.rejects(
        decode(`{"data":[{"id":${word}}]}`, { nonFinite: 'null', cuts: [cut] }),
        { code: 'RESPONSE_INVALID', message: /is no valid JSON/ },
        word,
      )
})
