import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRedactor } from '../../src/secrets/redactor.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { toSkeleton } from '../../src/secrets/skeleton.ts'

const hard = 'p@ss/w?rd+ "x"&<é>%'

function redactorOf(...values: readonly string[]) {
  const redactor = createRedactor()
  for (const value of values) redactor.add(new Secret(value))
  return redactor
}

const everyByte = (value: string) => Buffer.from(value).toString('hex').replaceAll(/../g, '%$&')
const everyUnit = (value: string, spell: (code: number) => string) =>
  Array.from({ length: value.length }, (_, at) => spell(value.charCodeAt(at))).join('')
const hex4 = (code: number) => code.toString(16).padStart(4, '0')
const inJson = (value: string) => JSON.stringify(value).slice(1, -1)
const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '/': '&sol;' }

const encodings: Readonly<Record<string, (value: string) => string>> = {
  raw: (value) => value,
  encodeURIComponent: encodeURIComponent,
  'lower-case percent codes': (value) => encodeURIComponent(value).replaceAll(/%../g, (code) => code.toLowerCase()),
  'percent codes twice': (value) => encodeURIComponent(encodeURIComponent(value)),
  'percent codes for every byte': everyByte,
  'percent codes for every byte, twice': (value) => encodeURIComponent(everyByte(value).toUpperCase()),
  'form encoding': (value) => new URLSearchParams({ value }).toString().slice('value='.length),
  JSON: inJson,
  'JSON with escaped slashes': (value) => inJson(value).replaceAll('/', '\\/'),
  'JSON in JSON': (value) => inJson(inJson(value)),
  'unicode escapes': (value) => everyUnit(value, (code) => `\\u${hex4(code)}`),
  'unicode escapes in capitals': (value) => everyUnit(value, (code) => `\\u${hex4(code).toUpperCase()}`),
  'unicode escapes of all but letters': (value) =>
    inJson(value).replaceAll(/[^a-z\\]/gi, (text) => everyUnit(text, (code) => `\\u${hex4(code)}`)),
  'entities by name': (value) => value.replaceAll(/[&<>"/]/g, (char) => named[char] ?? char),
  'decimal entities': (value) => everyUnit(value, (code) => `&#${code};`),
  'hexadecimal entities': (value) => everyUnit(value, (code) => `&#X${code.toString(16)};`),
  'entities in JSON in a URL': (value) => encodeURIComponent(inJson(everyUnit(value, (code) => `&#${code};`))),
  hexadecimal: (value) => Buffer.from(value).toString('hex'),
  'hexadecimal in capitals': (value) => Buffer.from(value).toString('hex').toUpperCase(),
  base64: (value) => Buffer.from(value).toString('base64'),
  base64url: (value) => Buffer.from(value).toString('base64url'),
  'base64 of percent codes': (value) => Buffer.from(encodeURIComponent(value)).toString('base64'),
  'base64 in a URL': (value) => encodeURIComponent(Buffer.from(value).toString('base64')),
  'base64 in lines': (value) =>
    Buffer.from(value)
      .toString('base64')
      .replaceAll(/.{5}(?=.)/g, '$&\r\n'),
  'base64 in lines in JSON': (value) =>
    Buffer.from(value)
      .toString('base64')
      .replaceAll(/.{5}(?=.)/g, '$&\\n    '),
  'lines that are wrapped': (value) => value.replaceAll(/.{4}(?=.)/gsu, '$&\n    '),
}

for (const [name, encode] of Object.entries(encodings)) {
  test(`a secret is taken out of text: ${name}`, () => {
    const redacted = redactorOf(hard).redact(`before ${encode(hard)} after`)
    assert.equal(redacted, 'before [secret] after')
  })
}

test('a secret is taken out at every alignment inside base64', () => {
  const redactor = redactorOf('correct-horse-battery')
  for (const user of ['', 'a', 'ab', 'abc', 'abcd']) {
    for (const encoding of ['base64', 'base64url'] as const) {
      const text = Buffer.from(`${user}:correct-horse-battery:tail`).toString(encoding)
      const left = redactor.redact(`Basic ${text}`).replace('[secret]', '').slice('Basic '.length)
      assert.ok(!Buffer.from(left, encoding).toString('latin1').includes('horse'))
      assert.ok(left.length <= Buffer.from(`${user}::tail`).toString('base64').length + 4, left)
    }
  }
})

test('a secret in other case is taken out', () => {
  const redactor = redactorOf('Sk-Live-8fJ2/kQ9é')
  assert.equal(redactor.redact('SK-LIVE-8FJ2/KQ9É sk_live_8fj2/kq9é'), '[secret] [secret]')
})

const key = 'wJalrXUtnFEMIvK7MDENGwbPxRfiCYEXAMPLEKEY'

test('a secret that is cut off is taken out, as long as twelve characters of it are left', () => {
  const redactor = redactorOf(key)
  for (let length = 12; length < key.length; length++) {
    assert.equal(redactor.redact(`<${key.slice(0, length)}...`), '<[secret]...')
    assert.equal(redactor.redact(`...${key.slice(-length)}>`), '...[secret]>')
    assert.equal(redactor.redact(encodeURIComponent(key.slice(0, length))), '[secret]')
  }
  assert.equal(redactor.redact(key.slice(0, 7)), key.slice(0, 7))
  for (const encoding of ['base64', 'base64url', 'hex'] as const) {
    const start = Buffer.from(key.slice(0, 18)).toString(encoding)
    const end = Buffer.from(`user:${key}`.slice(-21)).toString(encoding)
    assert.equal(redactor.redact(`<${start}>`), '<[secret]>')
    assert.equal(redactor.redact(`<${end}>`), '<[secret]>')
  }
})

test('what everybody knows of a secret is not taken for it', () => {
  const hook = 'https://hooks.chat.example/services/T0123/B4567/kQ9vXw8fJ2'
  const redactor = redactorOf(
    hook,
    `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0B'.repeat(3)}\n-----END PRIVATE KEY-----\n`,
  )
  for (const text of [
    'https://hooks.chat.example/ answered 500',
    '-----BEGIN PRIVATE KEY-----',
    '-----END PRIVATE KEY-----',
  ])
    assert.equal(redactor.redact(text), text)
  assert.equal(redactor.redact(`no: ${hook.slice(0, 47)}...`), 'no: [secret]...')
})

test('of what may be no secret only the whole is taken out', () => {
  const redactor = createRedactor()
  redactor.addWhole(new Secret('production-eu-west'))
  const text = 'production-eu is up, no production-eu-wes'
  assert.equal(redactor.redact(`${text}, production%2Deu-west`), `${text}, [secret]`)
})

test('a line of JSON stays JSON, whatever is taken out of it', () => {
  const redactor = redactorOf('"quoted-secret', 'nlooks-like-an-escape')
  const line = JSON.stringify({ a: 'x "quoted-secret\\', b: '\nlooks-like-an-escape' })
  assert.deepEqual(JSON.parse(redactor.redact(line)), { a: 'x [secret]\\', b: '[secret]' })
})

test('redacting twice changes nothing', () => {
  const redactor = redactorOf(hard, 'secret', 'some-secret', key)
  const once = redactor.redact(`${hard} secret some-secret ${btoa(key)}`)
  assert.equal(redactor.redact(once), once)
})

test('the time it takes grows with the text alone', () => {
  const redactor = redactorOf(
    ...Array.from({ length: 300 }, (_, at) => `eyJhbGciOiJSUzI1NiJ9.${at}.${'ab'.repeat(500)}`),
  )
  redactor.add(new Secret('a'.repeat(8_000)))
  redactor.add(new Secret(`${'a'.repeat(8_000)}b`))
  // Each would take minutes if every match were compared from its start.
  for (const hostile of ['a'.repeat(1_000_000), 'ab'.repeat(500_000), '%25'.repeat(333_333), '&#38;'.repeat(200_000)])
    assert.equal(typeof redactor.redact(hostile), 'string')
})

test('overlapping secrets leave nothing of either', () => {
  assert.equal(redactorOf('abcdefgh', 'efghijkl').redact('<abcdefghijkl>'), '<[secret]>')
  assert.equal(redactorOf('abcd', 'abcdefgh').redact('<abcdefgh>'), '<[secret]>')
})

test('a secret that repeats within itself is taken out whole', () => {
  assert.equal(redactorOf('abcdabcdabcd').redact('abcdabcdabcdabcdabcd.'), '[secret].')
})

test('secrets of fewer than four characters are left alone', () => {
  assert.equal(redactorOf('a', '12', 'abc').redact('abc a 12'), 'abc a 12')
  assert.equal(redactorOf('abcd').redact('abcd'), '[secret]')
})

test('a secret of fewer than eight characters is found as a word, not inside of other words', () => {
  const redactor = redactorOf('order', 'a/b+c')
  assert.equal(redactor.redact('orders: 12 of reordered, order=7'), 'orders: 12 of reordered, [secret]=7')
  assert.equal(redactor.redact('?key=order&x={"order"} %6Frder'), '?key=[secret]&x={"[secret]"} [secret]')
  assert.equal(redactor.redact('a%2Fb%2Bc and a\\/b+c'), '[secret] and [secret]')
  for (const encoding of ['hex', 'base64', 'base64url'] as const)
    assert.equal(redactor.redact(`<${Buffer.from('a/b+c').toString(encoding)}>`), '<[secret]>')
})

test('the word secret as a secret does not shred the mark', () => {
  assert.equal(redactorOf('secret', 'some-secret').redact('a some-secret b'), 'a [secret] b')
})

test('the lines of a private key are known one by one', () => {
  const key = [
    '-----BEGIN PRIVATE KEY-----',
    'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
    'BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj',
    '-----END PRIVATE KEY-----',
    '',
  ].join('\n')
  const redactor = redactorOf(key)
  const indented = key
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
  assert.ok(!/MIIE|BKcw/.test(redactor.redact(indented)))
  assert.equal(redactor.redact(JSON.stringify({ key })), '{"key":"[secret]"}')
})

test('a secret with a line break after it is also known without', () => {
  assert.equal(redactorOf('token-value\n').redact('bad token: token-value.'), 'bad token: [secret].')
})

test('a lone surrogate in a secret is no error', () => {
  assert.equal(redactorOf('ab\ud800cd').redact('ab\ud800cd'), '[secret]')
})

test('of tokens that come and go the oldest are forgotten, unless they were learnt again', () => {
  const redactor = redactorOf()
  for (const token of ['kept-token', 'old-token']) redactor.addShortLived(new Secret(token))
  for (let count = 0; count < 400; count += 1) {
    redactor.addShortLived(new Secret(`token-${count}-`))
    redactor.addShortLived(new Secret('kept-token'))
  }
  assert.equal(redactor.redact('kept-token token-399- old-token'), '[secret] [secret] old-token')
})

test('however many tokens come, no secret of a connector is forgotten', () => {
  const redactor = redactorOf('client-secret')
  for (let count = 0; count < 400; count += 1) redactor.addShortLived(new Secret(`token-${count}-`))
  assert.equal(redactor.redact('client-secret'), '[secret]')
})

test('text without secrets comes back as it is', () => {
  fc.assert(fc.property(fc.string(), (text) => redactorOf('\u0000never\u0000').redact(text) === text))
})

test('no secret survives in any encoding, wherever it stands', () => {
  // What a spelling may lose (white space, `+ - _ /`) is not what a secret is known by.
  const value = fc.string({ minLength: 8, unit: 'grapheme' }).filter((text) => toSkeleton(text).codes.length >= 8)
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), fc.string(), fc.string(), (values, before, after) => {
      const redactor = redactorOf(...values)
      for (const secret of values) {
        for (const encode of Object.values(encodings)) {
          const redacted = redactor.redact(`${before}${encode(secret)}${after}`)
          const around = redacted.split('[secret]')
          assert.ok(around.length > 1, `nothing was taken out of ${redacted}`)
          assert.ok((before + after).includes(encode(secret)) || !around.some((part) => part.includes(encode(secret))))
        }
      }
    }),
    { examples: [[['\u2010\u2003\u2003\u{10000}!\u{10000}.!'], '\\', '']] },
  )
})
