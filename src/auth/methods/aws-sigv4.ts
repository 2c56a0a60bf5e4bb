import { z } from 'zod'
import { secretRef, secretRefOrText } from '../../secrets/ref.ts'
import { defineAuth } from '../auth.ts'
import { readHeaderSecret } from '../credential-location/header.ts'
import { authorizationHeader } from '../credential-location/location.ts'
import { createProviderClock } from '../signature/provider-clock.ts'
import { type AwsSigner, signAws } from '../signature/sigv4-signature.ts'

const word = z.string().regex(/^[a-z0-9-]+$/, { error: 'expected lower-case letters, digits and hyphens' })

/** AWS Signature Version 4 in the `Authorization` header. A signature contains the time, so AWS's clock is taken over where it refuses ours. */
export default defineAuth({
  config: z
    .strictObject({
      type: z.literal('aws_sigv4'),
      access_key: secretRefOrText.meta({
        description: 'The access key id: a literal, or a secret.',
        examples: ['env:AWS_ACCESS_KEY_ID'],
      }),
      secret_key: secretRef.meta({ description: 'The secret access key.', examples: ['secret:aws-key'] }),
      session_token: secretRef
        .optional()
        .meta({ description: 'The session token of temporary credentials.', examples: ['env:AWS_SESSION_TOKEN'] }),
      region: word.meta({
        description: 'The AWS region; us-east-1 for services without regions.',
        examples: ['eu-central-1'],
      }),
      service: word.meta({ description: 'The name of the service in signatures.', examples: ['execute-api', 's3'] }),
    })
    .meta({
      description: 'AWS Signature Version 4.',
      examples: [
        {
          type: 'aws_sigv4',
          access_key: 'AKIAEXAMPLE',
          secret_key: 'secret:aws-key',
          region: 'eu-central-1',
          service: 'execute-api',
        },
      ],
    }),
  isSignature: true,
  writes: authorizationHeader,
  example: {
    label: 'an AWS signature',
    lines: ({ secret }) => [
      `access_key: ${secret('access-key')}`,
      `secret_key: ${secret('secret-key')}`,
      'region: us-east-1',
      'service: execute-api',
    ],
  },
  create({ access_key, secret_key, session_token, region, service }, deps) {
    const signer: AwsSigner = {
      accessKey: readHeaderSecret(deps.secret(access_key), 'auth.access_key').reveal(),
      secretKey: readHeaderSecret(deps.secret(secret_key), 'auth.secret_key').reveal(),
      sessionToken: session_token && readHeaderSecret(deps.secret(session_token), 'auth.session_token').reveal(),
      region,
      service,
    }
    const clock = createProviderClock(deps)
    return { sign: async (request) => signAws(clock.mark(request), signer, clock.now()), handleChallenge: clock.learn }
  },
})
