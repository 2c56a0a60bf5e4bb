import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coerceValue } from '../../src/schema/coerce.ts'
import { isCutTime, type TimeSpelling } from '../../src/schema/times.ts'
import type { ColumnType } from '../../src/schema/types.ts'
import { type Member, readMembers } from '../../src/schema/value.ts'

function coerce(type: ColumnType, text: string, times?: TimeSpelling): string | undefined {
  const [member] = readMembers(`{"at":${text}}`)
  return coerceValue(member as Member, type, 'refuse', times)
}

test('a declared time is read in every spelling that can be told, to the microsecond', () => {
  const cases: readonly (readonly [text: string, timestamp: string, datetime?: string, date?: string])[] = [
    ['"2024-01-31T10:00:00.123456Z"', '2024-01-31T10:00:00.123456Z', '2024-01-31T10:00:00.123456'],
    ['"2024-01-31T10:00:00.123456+02:00"', '2024-01-31T10:00:00.123456+02:00', '2024-01-31T08:00:00.123456'],
    ['"2024-01-31T23:30:00-05"', '2024-02-01T04:30:00.000Z', '2024-02-01T04:30:00.000'],
    ['"2024-01-31T10:00"', '2024-01-31T10:00:00.000Z', '2024-01-31T10:00:00.000'],
    ['"2024/01/31 10:00:00 UTC"', '2024-01-31T10:00:00.000Z', '2024-01-31T10:00:00.000'],
    ['"Wed, 31 Jan 2024 23:30:00 -0500"', '2024-02-01T04:30:00.000Z', '2024-02-01T04:30:00.000'],
    ['"Wed, 31 Jan 2024 10:00:00 GMT"', '2024-01-31T10:00:00.000Z', '2024-01-31T10:00:00.000'],
    ['"\\/Date(1706695200000+0100)\\/"', '2024-01-31T10:00:00.000Z', '2024-01-31T10:00:00.000'],
    ['"20240131100000"', '2024-01-31T10:00:00.000Z', '2024-01-31T10:00:00.000'],
    ['20240131100000', '2024-01-31T10:00:00.000Z', '2024-01-31T10:00:00.000'],
    ['"1706695200.123456"', '2024-01-31T10:00:00.123456Z', '2024-01-31T10:00:00.123456'],
    ['1706695200.123456', '2024-01-31T10:00:00.123456Z', '2024-01-31T10:00:00.123456'],
    ['1706695200', '2024-01-31T10:00:00.000Z', '2024-01-31T10:00:00.000'],
    ['1706695200123', '2024-01-31T10:00:00.123Z', '2024-01-31T10:00:00.123'],
    ['1706695200123456', '2024-01-31T10:00:00.123456Z', '2024-01-31T10:00:00.123456'],
    ['"1706695200123456"', '2024-01-31T10:00:00.123456Z', '2024-01-31T10:00:00.123456'],
    ['1706695200123456789', '2024-01-31T10:00:00.123456Z', '2024-01-31T10:00:00.123456'],
    ['1.7066952e9', '2024-01-31T10:00:00.000Z', '2024-01-31T10:00:00.000'],
    ['60', '1970-01-01T00:01:00.000Z', '1970-01-01T00:01:00.000', '1970-01-01'],
    ['-0.000001', '1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999999', '1969-12-31'],
    ['253402300799000', '9999-12-31T23:59:59.000Z', '9999-12-31T23:59:59.000', '9999-12-31'],
  ]
  for (const [text, timestamp, datetime, date = '2024-01-31'] of cases) {
    assert.equal(coerce('timestamp', text), JSON.stringify(timestamp), text)
    assert.equal(coerce('datetime', text), JSON.stringify(datetime), text)
    assert.equal(coerce('date', text), JSON.stringify(date), text)
  }
})

test('what may be a time or not is none unless its format is declared', () => {
  for (const text of ['"60"', '"2024"', '"01/02/2024"', '"31.12.2023 kl. 10"', 'true', '{}', '""', '"2024-13-01"'])
    for (const type of ['timestamp', 'datetime', 'date'] as const) assert.equal(coerce(type, text), undefined, text)
})

test('a declared format decides alone how a value is read', () => {
  const formats = ['%m/%d/%Y', '%m/%d/%Y %I:%M %p']
  assert.equal(coerce('timestamp', '"01/02/2024 1:30 PM"', { formats }), '"2024-01-02T13:30:00.000Z"')
  assert.equal(coerce('date', '"01/02/2024"', { formats }), '"2024-01-02"')
  assert.equal(coerce('timestamp', '"2024-01-02"', { formats }), undefined)
  assert.equal(coerce('date', '"2024-02-01"', { formats: ['%Y-%d-%m'] }), '"2024-01-02"')
  assert.equal(coerce('timestamp', '60', { formats: ['epoch_ms'] }), '"1970-01-01T00:00:00.060Z"')
  assert.equal(coerce('array<timestamp>', '["60"]', { formats: ['epoch'] }), '["1970-01-01T00:01:00.000Z"]')
})

test('a timestamp without an offset is one of the declared zone', () => {
  const zone = 'Europe/Berlin'
  assert.equal(coerce('timestamp', '"2024-07-01T10:00:00"', { zone }), '"2024-07-01T08:00:00.000Z"')
  assert.equal(coerce('timestamp', '"2024-01-01"', { zone }), '"2023-12-31T23:00:00.000Z"')
  assert.equal(coerce('timestamp', '"2024-07-01T10:00:00Z"', { zone }), '"2024-07-01T10:00:00Z"')
})

test('a key is never cut to what its declared type holds', () => {
  const cut = (type: ColumnType, text: string, times: TimeSpelling = {}): boolean =>
    isCutTime(readMembers(`{"at":${text}}`)[0] as Member, type, times)
  assert.ok(cut('timestamp', '"2024-01-31T10:00:00.1234567Z"'))
  assert.ok(cut('timestamp', '"2024-01-31T10:00:00.1234567Z"', { formats: ['epoch'] }))
  assert.ok(cut('datetime', '1706695200123456789'))
  assert.ok(cut('date', '"2024-01-31T10:00:00"'))
  assert.ok(!cut('date', '"31/01/2024"', { formats: ['%d/%m/%Y'] }))
  assert.ok(!cut('timestamp', '1706695200123456'))
  assert.ok(!cut('string', '"2024-01-31T10:00:00.1234567Z"'))
})
