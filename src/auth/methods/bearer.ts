import { z } from 'zod'
import { secretRef } from '../../secrets/ref.ts'
import { defineAuth } from '../auth.ts'
import { authScheme, readHeaderSecret, withHeader } from '../credential-location/header.ts'
import { authorizationHeader } from '../credential-location/location.ts'

/** A fixed token in the `Authorization` header (RFC 6750 section 2.1), under `Bearer` or a scheme of the provider's own. */
export default defineAuth({
  config: z
    .strictObject({
      type: z.literal('bearer'),
      token: secretRef.meta({ description: 'The token.', examples: ['secret:acme-token'] }),
      scheme: authScheme
        .default('Bearer')
        .meta({ description: 'The authentication scheme before the token.', examples: ['Token'] }),
    })
    .meta({
      description: 'A fixed token in the Authorization header (RFC 6750).',
      examples: [{ type: 'bearer', token: 'secret:acme-token' }],
    }),
  writes: authorizationHeader,
  example: { label: 'a bearer token', lines: ({ secret }) => [`token: ${secret('token')}`] },
  create: ({ token, scheme }, { secret }) => {
    const value = readHeaderSecret(secret(token), 'auth.token')
    return { sign: async (request) => withHeader(request, 'authorization', `${scheme} ${value.reveal()}`) }
  },
})
