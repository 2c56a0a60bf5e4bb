import { z } from 'zod'
import { SyncError } from '../../base/errors.ts'
import { secretRef, secretRefOrText } from '../../secrets/ref.ts'
import { Secret } from '../../secrets/secret.ts'
import { defineAuth } from '../auth.ts'
import { rejectTrailingNewline, withHeader } from '../credential-location/header.ts'
import { authorizationHeader } from '../credential-location/location.ts'

const config = z
  .strictObject({
    type: z.literal('basic'),
    username: secretRefOrText
      .optional()
      .meta({ description: 'The user name: a literal or a secret.', examples: ['me', 'secret:acme-user'] }),
    password: secretRef.optional().meta({
      description: 'The password; absent where an API key is sent as the user name.',
      examples: ['secret:acme-password'],
    }),
  })
  .refine(({ username, password }) => username ?? password, { error: 'expected a username, a password or both' })
  .refine(({ username }) => typeof username !== 'string' || !username.includes(':'), {
    path: ['username'],
    error: 'expected a user name without a colon, as basic authentication ends the name at the first one',
  })
  .meta({
    description: 'HTTP basic authentication (RFC 7617).',
    examples: [{ type: 'basic', username: 'me', password: 'secret:acme-password' }],
  })

/** User name and password in UTF-8 (RFC 7617 section 2.1). */
export default defineAuth({
  config,
  writes: authorizationHeader,
  example: {
    label: 'user name and password',
    lines: ({ secret }) => [`username: ${secret('username')}`, `password: ${secret('password')}`],
  },
  create: ({ username = '', password = '' }, { secret, redactor }) => {
    const credentials = encodeCredentials(
      secret(username).reveal(),
      rejectTrailingNewline(secret(password), 'auth.password').reveal(),
    )
    redactor.add(credentials)
    return { sign: async (request) => withHeader(request, 'authorization', `Basic ${credentials.reveal()}`) }
  },
})

/** RFC 7617 section 2: a user-id with a colon would be cut there, and control characters are not allowed. */
function encodeCredentials(username: string, password: string): Secret {
  if (username.includes(':')) {
    throw new SyncError(
      'CONFIG_INVALID',
      'The secret of auth.username holds a colon, at which basic authentication would cut it; use a user name without one.',
    )
  }
  return new Secret(Buffer.from(`${username}:${password}`, 'utf8').toString('base64'))
}
