import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { coerceValue } from '../../src/schema/coerce.ts'
import { fitDecimal, normalizeBase64 } from '../../src/schema/exact-text.ts'
import { declaredType, findDeclarationProblem } from '../../src/schema/declared-type.ts'
import { parseType, type TypeTree, typeText } from '../../src/schema/type-tree.ts'
import { scalarTypes } from '../../src/schema/types.ts'
import { type Member, readMembers } from '../../src/schema/value.ts'
import { canWiden } from '../../src/schema/widen.ts'
import { fromSqlType, toSqlType } from '../../src/destinations/duckdb/types.ts'
import { fromField, toField } from '../../src/destinations/bigquery/types.ts'

const tree = fc.letrec<{ type: TypeTree; item: TypeTree }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(...scalarTypes).map((type): TypeTree => ({ kind: 'scalar', type })),
    fc
      .tuple(fc.integer({ min: 1, max: 37 }), fc.nat(37))
      .map(([precision, scale]): TypeTree => ({ kind: 'decimal', precision, scale: Math.min(scale, precision) })),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom('a', 'select', '_x1', 'Long_name'), tie('type')), {
        selector: ([name]) => name,
        minLength: 1,
      })
      .map((fields): TypeTree => ({ kind: 'record', fields: fields.map(([name, type]) => ({ name, type })) })),
  ),
  type: fc.oneof(
    tie('item'),
    tie('item').map((item): TypeTree => ({ kind: 'array', item })),
  ),
}))

test('a type is the same after it was written as text, as a column of DuckDB and as a field of BigQuery', () => {
  fc.assert(
    fc.property(tree.type, (type) => {
      const text = typeText(type)
      assert.deepEqual(parseType(text), type)
      assert.equal(fromSqlType(toSqlType(text).replaceAll('TIMESTAMPTZ', 'TIMESTAMP WITH TIME ZONE')), text)
      assert.equal(fromField(toField({ name: 'c', type: text })), text)
    }),
  )
})

test('a decimal keeps every digit, or is refused', () => {
  const cases: readonly [string, number, number, string | undefined][] = [
    ['12.34', 4, 2, '12.34'],
    ['12.345', 5, 2, undefined],
    ['12.340', 4, 2, '12.34'],
    ['123', 4, 2, undefined],
    ['-0.00', 4, 2, '0'],
    ['1e2', 5, 2, '100'],
    ['1.5E-2', 3, 3, '0.015'],
    ['1E400000', 38, 0, undefined],
    ['00012', 2, 0, '12'],
    ['0.1', 1, 1, '0.1'],
    ['.5', 2, 1, undefined],
    ['1_0', 2, 1, undefined],
    ['12345678901234567890123456789012345678', 38, 0, '12345678901234567890123456789012345678'],
  ]
  for (const [text, precision, scale, expected] of cases)
    assert.equal(fitDecimal(text, precision, scale), expected, text)
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: 0, max: 6 }), (value, scale) => {
      const shifted = fitDecimal(`${value}e-${scale}`, 38, scale)
      assert.ok(shifted !== undefined)
      const [whole = '', fraction = ''] = shifted.replace('-', '').split('.')
      assert.equal(BigInt(whole + fraction.padEnd(scale, '0')) * (value < 0n ? -1n : 1n), value)
    }),
  )
})

test('base64 of any spelling becomes that of RFC 4648 section 4, or is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
      const base64 = Buffer.from(bytes).toString('base64')
      for (const spelling of [base64, base64.replace(/=+$/, ''), Buffer.from(bytes).toString('base64url')])
        assert.equal(normalizeBase64(spelling), base64)
    }),
  )
  for (const text of ['a', 'ab!=', 'AB', 'A===', 'AA=A', 'a b=']) assert.equal(normalizeBase64(text), undefined, text)
})

const coerce = (type: string, value: string, extras?: 'drop'): string | undefined => {
  const [member] = readMembers(`{"k":${value}}`)
  assert.ok(member)
  const parsed = parseType(type)
  assert.ok(parsed)
  return coerceValue(member, typeText(parsed), extras)
}

test('arrays and records take what fits as a whole, and no null inside an array', () => {
  assert.equal(coerce('array<integer>', '[1, "2", 9007199254740993]'), '[1,2,"9007199254740993"]')
  for (const value of ['[1,null]', '[[1]]', '1', '"[1]"', '[1.5]', '{}'])
    assert.equal(coerce('array<integer>', value), undefined, value)
  assert.equal(coerce('array<string>', '["a,]", "\\""]'), '["a,]","\\""]')
  assert.equal(coerce('record<a_b integer, t array<date>>', '{"a-b": "7", "t": null}'), '{"a_b":7,"t":[]}')
  for (const value of ['{"a":1,"b":2}', '{"a":"x"}', '[]', '{"a":1,"A-":1}'])
    assert.equal(coerce('record<a integer>', value), undefined, value)
  assert.equal(coerce('record<a integer>', '{"a":1,"b":2}', 'drop'), '{"a":1}')
  assert.equal(coerce('array<record<a integer>>', '[{"b":1},{"a":2}]', 'drop'), '[{},{"a":2}]')
})

test('a column widens only where no value is lost', () => {
  const wide = (from: string, to: string): boolean => {
    const [a, b] = [parseType(from), parseType(to)]
    assert.ok(a && b)
    return canWiden(typeText(a), typeText(b))
  }
  for (const [from, to] of [
    ['integer', 'decimal(19,0)'],
    ['decimal(10,2)', 'numeric'],
    ['decimal(10,2)', 'decimal(12,4)'],
    ['record<a integer>', 'record<a decimal(20,1), b string>'],
    ['array<record<a integer>>', 'array<record<b date, a integer>>'],
  ] as const)
    assert.ok(wide(from, to), `${from} to ${to}`)
  for (const [from, to] of [
    ['integer', 'decimal(18,0)'],
    ['decimal(10,2)', 'decimal(10,4)'],
    ['decimal(10,2)', 'number'],
    ['numeric', 'decimal(38,10)'],
    ['array<integer>', 'integer'],
    ['record<a integer, b string>', 'record<a integer>'],
    ['string', 'bytes'],
    ['number', 'number'],
  ] as const)
    assert.ok(!wide(from, to), `${from} to ${to}`)
})

test('a declaration becomes a type, or says what is wrong with it', () => {
  assert.equal(declaredType({ type: 'decimal(38, 9)' }), 'numeric')
  assert.equal(declaredType({ type: 'decimal(4)' }), 'decimal(4,0)')
  const nested = { type: 'array<record>', fields: { 'a-b': 'integer', c: { type: 'record', fields: { d: 'date' } } } }
  assert.equal(declaredType(nested), 'array<record<a_b integer, c record<d date>>>')
  const problems: readonly [Parameters<typeof findDeclarationProblem>[0], RegExp][] = [
    [{ type: 'decimal(39,2)' }, /1 to 38/],
    [{ type: 'decimal(4,5)' }, /1 to 38/],
    [{ type: 'array<array<string>>' }, /json/],
    [{ type: 'array<strng>' }, /expected integer/],
    [{ type: 'record' }, /needs its fields/],
    [{ type: 'string', fields: { a: 'string' } }, /only a record/],
    [{ fields: { a: 'string' } }, /type: record/],
    [{ type: 'record', fields: { 'a-b': 'string', a_B: 'string' } }, /becomes a field of this name already/],
  ]
  for (const [declaration, message] of problems)
    assert.match(findDeclarationProblem(declaration)?.message ?? '', message)
  assert.deepEqual(findDeclarationProblem({ type: 'record', fields: { a: 'record' } })?.path, ['fields', 'a', 'type'])
})

test('a declared integer is written as JSON takes it, however the text spells it', () => {
  const cases: readonly [string, string | undefined][] = [
    ['"007"', '7'],
    ['"-012.00"', '-12'],
    ['"-0"', '0'],
    ['"0009007199254740993"', '"9007199254740993"'],
    ['"1.5"', undefined],
  ]
  for (const [text, expected] of cases) {
    const [member] = readMembers(`{"n":${text}}`)
    assert.equal(coerceValue(member as Member, 'integer'), expected, text)
  }
})
