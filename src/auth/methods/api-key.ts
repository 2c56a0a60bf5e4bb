import { z } from 'zod'
import { SyncError } from '../../base/errors.ts'
import { secretRef } from '../../secrets/ref.ts'
import type { Secret } from '../../secrets/secret.ts'
import { type Auth, defineAuth } from '../auth.ts'
import { httpToken, readHeaderSecret } from '../credential-location/header.ts'
import { nameLocation, putCredential } from '../credential-location/location.ts'

const config = z
  .strictObject({
    type: z.literal('api_key'),
    in: z
      .enum(['header', 'query', 'cookie'])
      .default('header')
      .meta({ description: 'Where the key goes.', examples: ['query'] }),
    name: z
      .string()
      .min(1)
      .meta({ description: 'The name of the header, query parameter or cookie.', examples: ['X-API-Key', 'api_key'] }),
    value: secretRef.meta({ description: 'The key.', examples: ['secret:acme-key'] }),
    prefix: z
      .string()
      .regex(/^[\x20-\x7e]*$/)
      .default('')
      .meta({ description: 'Text right before the key; write the space between them too.', examples: ['Token '] }),
  })
  .refine((key) => key.in === 'query' || httpToken.test(key.name), {
    path: ['name'],
    error: 'expected a name of letters, digits and hyphens',
  })
  .meta({
    description: 'A key in a header, a query parameter or a cookie.',
    examples: [{ type: 'api_key', in: 'header', name: 'X-API-Key', value: 'secret:acme-key' }],
  })

/** A key in a header, a query parameter or a cookie. */
export default defineAuth({
  config,
  writes: (key) => [nameLocation(key)],
  example: {
    label: 'an API key in a header',
    lines: ({ secret }) => ['in: header', 'name: X-Api-Key', `value: ${secret('api-key')}`],
  },
  create: ({ in: place, name, value, prefix }, { secret }): Auth => {
    const key = secret(value)
    if (place === 'header') readHeaderSecret(key, 'auth.value')
    if (place === 'cookie') readCookieSecret(key)
    const target = { in: place, name, prefix }
    return {
      sign: async (request) => putCredential(request, target, key.reveal()),
      ...(place === 'query' && { queryParams: [name] }),
    }
  },
})

/** RFC 6265 section 4.1.1: a semicolon would end the cookie, and the rest of the key would be sent as another one. */
function readCookieSecret(key: Secret): void {
  readHeaderSecret(key, 'auth.value')
  if (/[;,\s"\\]/.test(key.reveal())) {
    throw new SyncError(
      'CONFIG_INVALID',
      'The secret of auth.value holds a character that a cookie cannot carry; check what is stored there.',
    )
  }
}
