import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSecretManager } from '../../src/secrets/secret-manager-client.ts'
import { parseRef } from './helpers.ts'

test('credentials that were not there when a secret was first asked for are found later', async (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-adc-'))
  const path = join(dir, 'adc.json')
  const before = process.env['GOOGLE_APPLICATION_CREDENTIALS']
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = path
  context.after(() => {
    if (before === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS']
    else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = before
    rmSync(dir, { recursive: true })
  })
  const open = openSecretManager({ project: 'acme' })
  await assert.rejects(open(parseRef('secret:rt')), { code: 'SECRET_FORBIDDEN' })
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = {
    type: 'service_account',
    client_email: 'runner@acme.example',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  }
  writeFileSync(path, JSON.stringify(key))
  const { client, name } = await open(parseRef('secret:rt'))
  assert.equal(name.project, 'acme')
  await client.close()
})
