import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findServer } from '../../src/auth/token/authorization-server.ts'
import type { SignInSettings } from '../../src/auth/authorization/sign-in-settings.ts'
import { createRedactor } from '../../src/secrets/redactor.ts'
import { failsWith, never, serve } from '../http/support.ts'

test('an issuer that answers its metadata with an error is quoted', async (t) => {
  const answers = [
    '{"error":"unknown_realm","error_description":"Realm acme is gone"}',
    '<Error><Message>Realm acme is gone</Message></Error>',
  ]
  for (const answer of answers) {
    const issuer = await serve(t, (_, response) => void response.writeHead(403).end(answer))
    const settings = { issuer } as SignInSettings
    const redactor = createRedactor()
    const { message } = await failsWith(findServer(settings, { fetch, signal: never, redactor }), 'AUTH_FAILED')
    assert.match(message, /answers 403 where its metadata should be \(.*Realm acme is gone\); check issuer/)
  }
})
