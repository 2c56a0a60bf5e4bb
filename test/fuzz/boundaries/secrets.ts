import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { readJsonField } from '../../../src/secrets/json-field.ts'
import { openPem, readCertificates } from '../../../src/secrets/pem.ts'
import { parseSecretRef } from '../../../src/secrets/ref.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { parseTokens, replacingFormat } from '../../../src/secrets/token-store/text.ts'
import { defineBoundary } from '../boundary.ts'
import { mutated } from '../mutate.ts'

const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
const contents = [
  String(pem),
  'a-plain-refresh-token\n',
  '{"refresh_token":"r","access_token":"a","expires_at":"2025-01-01T00:00:00Z","other":{"n":12345678901234567890}}',
  '{"oauth":[{"token":"r"},{"token":"s"}],"a/b":{"~":"t"}}',
]

export const secretContents = defineBoundary({
  name: 'contents of secrets and token files, read and written back',
  runs: 2_000,
  input: fc.record({
    text: mutated(contents, ['-----BEGIN CERTIFICATE-----', '-----END PRIVATE KEY-----', '"__proto__":{"a":1},']),
    pointer: fc.option(mutated(['refresh_token', '/oauth/0/token', '/a~1b/~0', '/oauth/7/x', '/__proto__/a']), {
      nil: undefined,
    }),
    ref: mutated(['secret:name@3#/a/b', 'env:NAME', 'file:../x.json#a']),
    as: fc.constantFrom('key', 'certificate', 'field', 'tokens', 'replaced'),
  }),
  open:
    () =>
    ({ text, pointer, ref, as }) => {
      parseSecretRef(ref)
      const tokens = { refresh_token: 'next', access_token: 'new' }
      switch (as) {
        case 'key':
          return openPem(new Secret(text), 'auth.private_key')
        case 'certificate':
          return readCertificates(new Secret(text), 'tls.cert')
        case 'field':
          return readJsonField(text, pointer ?? '', 'The secret')
        case 'tokens':
          return parseTokens(text, pointer, 'acme').format(tokens)
        case 'replaced':
          return replacingFormat(text, pointer, 'acme').format(tokens)
      }
    },
})
