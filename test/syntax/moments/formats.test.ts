import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { subtract, sortableNumber } from '../../../src/syntax/moments/decimal-order.ts'
import { findFormat, recognizeNumber, recognizeText, type TimeFormat } from '../../../src/syntax/moments/formats.ts'
import { shapeOf, suggestPatterns } from '../../../src/syntax/moments/shape.ts'
import { findReadProblem } from '../../../src/syntax/moments/strftime.ts'
import { offsetAt } from '../../../src/syntax/moments/zones.ts'

const ns = (iso: string, nanos = 0n): bigint => BigInt(Date.parse(iso)) * 1_000_000n + nanos
const at = ns('2024-01-31T10:00:00Z')

const recognized: readonly (readonly [value: string | number, format: string, moment: bigint])[] = [
  ['2024-01-31T10:00:00Z', 'iso', at],
  ['2024-01-31T10:00:00.123456789Z', 'iso', at + 123_456_789n],
  ['2024-01-31T12:00:00+0200', 'iso', at],
  ['2024-01-31 10:00', 'iso', at],
  ['2024-01-31T10:00', 'iso', at],
  ['2024-01-31 10:00:00 UTC', 'iso', at],
  ['2024-01-31 10:00:00+00', 'iso', at],
  ['2024/01/31 10:00:00', 'iso', at],
  ['2024-01-31', 'iso', ns('2024-01-31')],
  ['Wed, 31 Jan 2024 10:00:00 GMT', 'rfc2822', at],
  ['31 Jan 2024 05:00:00 -0500', 'rfc2822', at],
  ['Wed, 31 Jan 2024 05:00:00 EST', 'rfc2822', at],
  ['/Date(1706695200000)/', 'dotnet', at],
  ['/Date(1706695200000+0100)/', 'dotnet', at],
  ['20240131100000', 'basic', at],
  ['20240131T100000Z', 'basic', at],
  ['20240131', 'basic', ns('2024-01-31')],
  [1706695200, 'epoch', at],
  ['1706695200.000200', 'epoch', at + 200_000n],
  [1706695200000, 'epoch_ms', at],
  ['1706695200000001', 'epoch_us', at + 1000n],
  ['1706695200000000001', 'epoch_ns', at + 1n],
]

for (const [value, name, moment] of recognized) {
  test(`${value} is told to be a time by itself (${name})`, () => {
    const format = recognizeText(value) ?? recognizeNumber(value)
    assert.equal(format?.name, name)
    assert.equal(format.read(value), moment)
  })
}

test('what no calendar has is no time', () => {
  for (const value of [
    '0000-00-00 00:00:00',
    '2024-02-30',
    '2023-02-29T00:00:00Z',
    '2024-13-45',
    '2024-01-01T25:00:00Z',
    '',
    '12/31/2023',
    'today',
  ])
    assert.equal(recognizeText(value) ?? recognizeNumber(value), undefined, value)
})

const moments = fc.bigInt({ min: ns('0100-01-01'), max: ns('9990-01-01') })
const samples: readonly (readonly [value: string | number, resolution: bigint, zone?: string])[] = [
  ...recognized.map(([value, name]) => [value, resolutionOf(value, name)] as const),
  ['2024-01-31T10:00:00', 1_000_000_000n, 'America/New_York'],
  ['2024-01-31T10:00:00', 1_000_000_000n, 'Asia/Kolkata'],
]

function resolutionOf(value: string | number, name: string): bigint {
  const digits = /[.](\d+)/.exec(String(value))?.[1]?.length
  const units: Record<string, bigint> = { epoch_ms: 1_000_000n, epoch_us: 1000n, epoch_ns: 1n, dotnet: 1_000_000n }
  if (digits !== undefined) return 10n ** BigInt(9 - digits)
  if (/^\d{8}$|-\d\d$/.test(String(value)) && !String(value).includes(':')) return 86_400_000_000_000n
  if (/^[^:]*:\d\d$/.test(String(value))) return 60_000_000_000n
  return units[name] ?? 1_000_000_000n
}

for (const [like, resolution, zone] of samples) {
  test(`a moment that is written like ${like}${zone ? ` in ${zone}` : ''} is read again, and never lies later`, () => {
    const format = (recognizeText(like) ?? recognizeNumber(like)) as TimeFormat
    fc.assert(
      fc.property(moments, (moment) => {
        const read = format.read(format.write(moment, { like, zone }), zone)
        assert.ok(read !== undefined)
        // Clocks that are set back show an hour twice: the earlier one is taken.
        const twice = zone === undefined ? 0n : 3_600_000_000_000n
        assert.ok(read <= moment && moment - read < resolution + twice, `${moment} became ${read}`)
      }),
    )
  })
}

test('patterns read and write what they say, in the zone of the stream', () => {
  const cases: readonly (readonly [pattern: string, value: string, moment: bigint, zone?: string])[] = [
    ['%m/%d/%Y', '12/31/2023', ns('2023-12-31')],
    ['%d/%m/%Y', '31/12/2023', ns('2023-12-31')],
    ['%m/%d/%Y %I:%M %p', '12/31/2023 01:02 PM', ns('2023-12-31T13:02:00Z')],
    ['%d.%m.%Y %H:%M:%S', '31.12.2023 23:30:00', ns('2023-12-31T22:30:00Z'), 'Europe/Berlin'],
    ['%a %b %d %H:%M:%S %z %Y', 'Wed Oct 10 20:19:24 +0000 2018', ns('2018-10-10T20:19:24Z')],
    ['%Y-%j', '2024-366', ns('2024-12-31')],
    ['%s.%f', '1706695200.000200', at + 200_000n],
  ]
  for (const [pattern, value, moment, zone] of cases) {
    const format = findFormat(pattern)
    assert.equal(format?.read(value, zone), moment, pattern)
    assert.equal(format.write(moment, { zone }), value, pattern)
  }
  assert.equal(findFormat('%m/%d/%Y')?.read('31/12/2023'), undefined)
  assert.match(findReadProblem('%d.%m.') ?? '', /year/)
  assert.match(findReadProblem('%I:%M %d.%m.%Y') ?? '', /%p/)
  assert.match(findReadProblem('%Q') ?? '', /%Q/)
})

test('a zone is ahead of UTC by what its clocks say then', () => {
  assert.equal(offsetAt(ns('2024-07-01'), 'Europe/Berlin'), 7_200_000_000_000n)
  assert.equal(offsetAt(ns('2024-01-01'), 'Europe/Berlin'), 3_600_000_000_000n)
  assert.equal(offsetAt(ns('2024-01-01'), 'Asia/Kathmandu'), 20_700_000_000_000n)
})

const decimals = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 40n }), fc.nat(12))
  .map(([negative, digits, places]) => ({ negative, digits, places }))

const scaled = ({ negative, digits, places }: { negative: boolean; digits: bigint; places: number }): bigint =>
  (negative ? -1n : 1n) * digits * 10n ** BigInt(12 - places)

function spell({ negative, digits, places }: { negative: boolean; digits: bigint; places: number }): string {
  const text = String(digits).padStart(places + 1, '0')
  const point = text.length - places
  return `${negative ? '-' : ''}${text.slice(0, point)}${places > 0 ? `.${text.slice(point)}` : ''}`
}

test('sortable texts order like the numbers, whatever their size', () => {
  fc.assert(
    fc.property(decimals, decimals, (a, b) => {
      const [left, right] = [sortableNumber(spell(a)), sortableNumber(spell(b))] as [string, string]
      const [x, y] = [scaled(a), scaled(b)]
      assert.equal(Math.sign(left < right ? -1 : left > right ? 1 : 0), x < y ? -1 : x > y ? 1 : 0)
    }),
  )
  assert.equal(sortableNumber('1.5e2'), sortableNumber(150))
  assert.equal(sortableNumber('2024-01-01'), undefined)
})

test('a number less a count is exact, spelled as it was', () => {
  assert.equal(subtract('9007199254740993', 2), '9007199254740991')
  assert.equal(subtract(10, 3), 7)
  assert.equal(subtract('1.50', 0.25), '1.25')
  assert.equal(subtract(5, 10), -5)
})

test('a shape shows how a value is spelled and nothing of what it says', () => {
  assert.equal(shapeOf('Anna 12/31/2023'), 'AAAA 99/99/9999')
  assert.deepEqual(suggestPatterns('99/99/9999 9:99 AA'), ['%m/%d/%Y %I:%M %p', '%d/%m/%Y %I:%M %p'])
  assert.deepEqual(suggestPatterns('AA-999'), [])
})
