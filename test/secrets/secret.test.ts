import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { Secret } from '../../src/secrets/secret.ts'

const value = 'hunter2-and-more'
const secret = new Secret(value)
/** As code sees it that has lost the type. */
const loose = secret as unknown as string

const forms: Readonly<Record<string, () => string>> = {
  String: () => String(secret),
  'template literal': () => `${loose}`,
  concatenation: () => '' + loose,
  JSON: () => JSON.stringify(secret),
  'JSON of what holds it': () => JSON.stringify({ list: [secret], deep: { secret } }),
  inspect: () => inspect(secret),
  'inspect with hidden members': () => inspect(secret, { showHidden: true, depth: 9, getters: true, showProxy: true }),
  'inspect without custom printing': () => inspect(secret, { customInspect: false, showHidden: true }),
  'inspect of what holds it': () =>
    inspect({ map: new Map([[secret, secret]]), set: new Set([secret]), list: [secret] }),
  'console %s': () => format('%s', secret),
  'console %o': () => format('%o', secret),
  'console %O': () => format('%O', { secret }),
  'console %j': () => format('%j', { secret }),
  'console %d': () => format('%d', secret),
  'error message': () => new Error(`failed with ${loose}`).message,
  'error cause': () => inspect(new Error('failed', { cause: secret })),
  'error field': () => inspect(Object.assign(new Error('failed'), { secret })),
  spread: () => inspect({ ...(secret as object) }),
  'object keys': () => inspect([Object.keys(secret), Object.entries(secret), Reflect.ownKeys(secret)]),
  'structured clone': () => inspect(structuredClone(secret), { showHidden: true }),
  'v8 serialization': () => inspect([serialize(secret).toString('latin1'), deserialize(serialize(secret))]),
  'Object.assign': () => inspect(Object.assign({}, secret)),
  'for in': () => {
    const seen: unknown[] = []
    for (const key in secret) seen.push(key)
    return inspect(seen)
  },
}

for (const [name, print] of Object.entries(forms)) {
  test(`a secret does not show in: ${name}`, () => assert.ok(!print().includes('hunter2'), print()))
}

test('a secret reads [secret] where it is printed', () => {
  for (const name of ['String', 'template literal', 'concatenation', 'inspect', 'console %s', 'console %o']) {
    assert.equal(forms[name]?.(), '[secret]', name)
  }
  assert.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}')
})

test('reveal gives the value', () => assert.equal(secret.reveal(), value))
