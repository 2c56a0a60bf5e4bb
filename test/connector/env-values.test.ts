import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { envValues } from '../../src/connector/env-values.ts'
import { loadConnector } from '../../src/connector/load.ts'
import { makeTempDir } from '../cli/support.ts'

test('values of the environment that requests are made of are known, those that are plainly no secret are not', async () => {
  using dir = makeTempDir()
  const file = dir.write(
    'acme.yaml',
    [
      'name: acme',
      'base_url: https://api.example',
      'headers: { X-Key: "{{ env.KEY }}", X-Basic: "Basic {{ env.PAIR | md5 }}" }',
      'streams:',
      '  - { name: a, path: "/{{ env.TENANT }}", params: { since: "{{ env.SINCE }}", at: "{{ env.SITE }}", n: "{{ env.SHORT }}" } }',
      '',
    ].join('\n'),
  )
  const env = {
    KEY: 'key-of-enough-length',
    PAIR: 'me:password',
    TENANT: 'tenant-0815',
    SINCE: '2026-01-01T00:00:00Z',
    SITE: 'https://site.example/v2',
    SHORT: 'eu-west',
    OTHER: 'in-no-template',
  }
  const digest = createHash('md5').update(env.PAIR).digest('hex')
  const found = envValues(await loadConnector(file), env)
  assert.deepEqual(new Set(found), new Set([env.KEY, env.PAIR, digest, env.TENANT]))
  assert.deepEqual(envValues(await loadConnector(file), { SITE: 'https://me:pass@site.example' }), [
    'https://me:pass@site.example',
  ])
})
