import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRedactor } from '../../src/secrets/redactor.ts'
import { Secret } from '../../src/secrets/secret.ts'

const hard = 'p@ss/w?rd+ "x"&<é>%'

function redactorOf(...values: readonly string[]) {
  const redactor = createRedactor()
  for (const value of values) redactor.add(new Secret(value))
  return redactor
}

const encodings: Readonly<Record<string, (value: string) => string>> = {
  raw: (value) => value,
  encodeURIComponent: encodeURIComponent,
  'lower-case percent codes': (value) => encodeURIComponent(value).replaceAll(/%../g, (code) => code.toLowerCase()),
  'form encoding': (value) => new URLSearchParams({ value }).toString().slice('value='.length),
  JSON: (value) => JSON.stringify(value).slice(1, -1),
  hexadecimal: (value) => Buffer.from(value).toString('hex'),
  'hexadecimal in capitals': (value) => Buffer.from(value).toString('hex').toUpperCase(),
  base64: (value) => Buffer.from(value).toString('base64'),
  base64url: (value) => Buffer.from(value).toString('base64url'),
  'JSON in JSON': (value) => JSON.stringify(JSON.stringify(value).slice(1, -1)).slice(1, -1),
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

test('overlapping secrets leave nothing of either', () => {
  assert.equal(redactorOf('abcdefgh', 'efghijkl').redact('<abcdefghijkl>'), '<[secret]>')
  assert.equal(redactorOf('abcd', 'abcdefgh').redact('<abcdefgh>'), '<[secret]>')
})

test('a secret that repeats within itself is taken out whole', () => {
  assert.equal(redactorOf('ababab').redact('ababababab.'), '[secret].')
})

test('secrets of fewer than four characters are left alone', () => {
  assert.equal(redactorOf('a', '12', 'abc').redact('abc a 12'), 'abc a 12')
  assert.equal(redactorOf('abcd').redact('abcd'), '[secret]')
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
  for (const token of ['kept-token', 'old-token']) redactor.addPassing(new Secret(token))
  for (let count = 0; count < 400; count += 1) {
    redactor.addPassing(new Secret(`token-${count}-`))
    redactor.addPassing(new Secret('kept-token'))
  }
  assert.equal(redactor.redact('kept-token token-399- old-token'), '[secret] [secret] old-token')
})

test('however many tokens come, no secret of a connector is forgotten', () => {
  const redactor = redactorOf('client-secret')
  for (let count = 0; count < 400; count += 1) redactor.addPassing(new Secret(`token-${count}-`))
  assert.equal(redactor.redact('client-secret'), '[secret]')
})

test('text without secrets comes back as it is', () => {
  fc.assert(fc.property(fc.string(), (text) => redactorOf('\u0000never\u0000').redact(text) === text))
})

test('no secret survives in any encoding, wherever it stands', () => {
  const value = fc.string({ minLength: 4, unit: 'grapheme' })
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
  )
})
