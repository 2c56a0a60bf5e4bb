import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { addDuration, checkFormat, formatTime } from '../../src/syntax/calendar.ts'
import { nearestName } from '../../src/base/nearest.ts'
import { isLoopback } from '../../src/syntax/loopback.ts'
import { formatMoment, instantOf, parseMoment, type Moment } from '../../src/syntax/moment.ts'

function parse(value: unknown): Moment {
  const moment = parseMoment(value)
  assert(moment, String(value))
  return moment
}

function add(value: string | number, duration: string): unknown {
  const moment = addDuration(parse(value), duration)
  return moment && formatMoment(moment)
}

test('a sum is written as the moment was written', () => {
  assert.equal(add('2024-01-31', 'P1M'), '2024-02-29')
  assert.equal(add('2024-02-29', '-P1Y'), '2023-02-28')
  assert.equal(add('20240228', 'P2D'), '20240301')
  assert.equal(add('2024-01-01', 'PT1H'), '2024-01-01T01:00:00Z')
  assert.equal(add('2024-01-01 23:30:00', 'PT1H'), '2024-01-02 00:30:00')
  assert.equal(add('2024-01-01T23:30:00.120+05:30', 'PT0.5S'), '2024-01-01T23:30:00.620+05:30')
  assert.equal(add('2024-01-01T00:00:00Z', '-PT0.000000001S'), '2023-12-31T23:59:59.999999999Z')
  assert.equal(add(1_704_067_200, 'P1D'), 1_704_153_600)
  assert.equal(add(1_704_067_200_000, 'P1D'), 1_704_153_600_000)
  assert.equal(add('1704067200', 'P1W'), '1704672000')
  assert.equal(add('9999-12-31', 'P1D'), undefined)
})

test('what is no moment is not taken for one', () => {
  for (const value of [
    '',
    'soon',
    '2024-13-01',
    '2024-02-30',
    '2024-01-01T25:00:00Z',
    '2024-01-01T00:00:00+5',
    null,
    {},
    Number.NaN,
  ])
    assert.equal(parseMoment(value), undefined)
})

test('the calendar agrees with Temporal', () => {
  const local = fc
    .date({ min: new Date('0400-01-01'), max: new Date('9000-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, -1))
  const part = fc.integer({ min: 0, max: 500 })
  fc.assert(
    fc.property(
      local,
      fc.constantFrom('Z', '+05:30', '-11:00'),
      fc.tuple(fc.constantFrom('', '-'), part, part, part, part, part, part),
      (text, zone, [sign, years, months, weeks, days, hours, seconds]) => {
        const duration = `${sign}P${years % 90}Y${months}M${weeks}W${days}DT${hours}H${seconds}.25S`
        const expected = Temporal.PlainDateTime.from(text).add(duration)
        const sum = addDuration(parse(text + zone), duration)
        assert(sum)
        const shown = formatMoment(sum)
        assert.equal(Temporal.PlainDateTime.from(String(shown).slice(0, -zone.length)).toString(), expected.toString())
        assert.equal(instantOf(sum), Temporal.Instant.from(expected.toString() + zone).epochNanoseconds)
      },
    ),
    { numRuns: 1_000 },
  )
})

test('every directive of date writes the moment in UTC', () => {
  const moment = parse('2024-03-05T00:07:09.012345678+02:00')
  assert.equal(
    formatTime(moment, '%Y-%m-%d %H:%M:%S.%f %j %z %Z %s %y %b %B %a %A %I %p %%'),
    '2024-03-04 22:07:09.012345 064 +0000 UTC 1709590029 24 Mar March Mon Monday 10 PM %',
  )
  assert.equal(formatTime(parse(-0.5), '%s %f %Y'), '-1 500000 1969')
  assert.equal(formatTime(parse('2024-01-01T12:00:00'), '%I%p'), '12PM')
  assert.equal(checkFormat('%Y%%d'), undefined)
  for (const format of ['%', '%e', '%constructor']) assert.match(checkFormat(format) ?? '', /date knows no %/)
})

test('the nearest name is a typo away, or the longer form of the same', () => {
  assert.equal(nearestName('primry_key', ['name', 'primary_key']), 'primary_key')
  assert.equal(nearestName('pageNumber', ['page_number', 'offset']), 'page_number')
  assert.equal(nearestName('Base-URL', ['base_url']), 'base_url')
  assert.equal(nearestName('oauth2', ['none', 'oauth2_client_credentials']), 'oauth2_client_credentials')
  assert.equal(nearestName('zzz', ['name', 'path']), undefined)
  assert.equal(nearestName('', []), undefined)
})

test('loopback is this machine, however it is spelt, and nothing that looks like it', () => {
  for (const url of [
    'http://localhost',
    'http://LOCALHOST.:1',
    'http://127.1',
    'http://127.255.0.3',
    'http://[::1]:2',
    'http://0x7f000001',
    'http://a.localhost',
  ])
    assert.ok(isLoopback(url), url)
  for (const url of [
    'http://localhost.a',
    'http://127.0.0.1.a',
    'http://128.0.0.1',
    'http://[::2]',
    'http://0.0.0.0',
    'x',
  ])
    assert.ok(!isLoopback(url), url)
})
