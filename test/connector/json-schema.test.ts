import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { connectorJsonSchema } from '../../src/connector/json-schema.ts'
import { providerNames } from '../../src/auth/authorization/providers/index.ts'
import { starterConnector } from '../../src/connector/starter.ts'
import { starterAuth } from '../../src/connector/starter-auth.ts'
import { example } from './example.ts'
import { load, withStreams } from './support.ts'

const validate = new Ajv({ allErrors: true }).compile(connectorJsonSchema())

test('the JSON Schema accepts what loads', () => {
  assert.ok(validate(parse(example)), JSON.stringify(validate.errors))
  assert.ok(
    validate({
      $schema: 'x',
      name: 'a',
      base_url: 'https://a.example',
      streams: [{ name: 's', url: 'https://a.example/{{ run.id }}' }],
    }),
  )
})

test('the JSON Schema refuses unknown keys, missing keys and unknown types', () => {
  const refused = (text: string) => assert.ok(!validate(parse(text)), text)
  refused(withStreams('  - { name: s, pth: /x }\n'))
  refused(withStreams('  - { path: /x }\n'))
  refused(withStreams('  - { name: s }\n', 'defaults: { paginator: { type: auto, per_page: 3 } }\n'))
  refused(withStreams('  - { name: s }\n', 'auth: { type: oauth }\n'))
  refused(withStreams('  - { name: s, write: merg }\n'))
  refused('name: a\nbase_url: ftp://a.example\nstreams: [{ name: s }]\n')
})

test('the JSON Schema explains its keys', () => {
  const { properties } = connectorJsonSchema() as { properties: Record<string, { description?: string }> }
  assert.match(properties['base_url']?.description ?? '', /paths of the streams/)
})

test('a starter file loads as it is, whatever its options', () => {
  for (const auth of starterAuth) {
    const text = starterConnector({
      name: 'acme',
      baseUrl: 'https://api.acme.example/v1',
      auth,
      tokenUrl: 'https://auth.acme.example/token',
      authorizeUrl: 'https://auth.acme.example/authorize',
      schema: './connector.schema.json',
    })
    const {
      auth: [method],
      streams,
    } = load(text)
    assert.equal(method?.type ?? 'none', auth)
    assert.equal(streams[0]?.path, '/items')
    assert.ok(validate(parse(text)), JSON.stringify(validate.errors))
    assert.match(text, /^# yaml-language-server: \$schema=\.\/connector\.schema\.json\n/)
  }
  for (const provider of providerNames) {
    const options = { name: 'my_shop', baseUrl: 'https://a.example', provider } as const
    const [method] = load(starterConnector({ ...options, auth: 'oauth2_authorization_code' })).auth
    assert.ok(method?.type === 'oauth2_authorization_code' && method.provider === provider)
  }
  const text = starterConnector({
    name: 'a',
    baseUrl: 'https://a.example',
    stream: 'Orders',
    path: '/or: ders "x"',
    rows: "$['a b'][*]",
    primaryKey: ['id', 'no'],
    cursor: 'updated: at',
    cursorParam: 'filter[since]',
  })
  const [stream] = load(text).streams
  assert.deepEqual(
    [stream?.rows, stream?.primary_key, stream?.incremental?.cursor, stream?.params],
    ["$['a b'][*]", ['id', 'no'], 'updated: at', { 'filter[since]': '{{ cursor }}' }],
  )
})

test('a starter file that could not load is refused', () => {
  assert.throws(() => starterConnector({ name: 'Acme', baseUrl: 'https://a.example' }), { code: 'CONFIG_INVALID' })
  assert.throws(() => starterConnector({ name: 'acme', baseUrl: 'http://a.example', auth: 'bearer' }), {
    code: 'CONFIG_INVALID',
  })
})
