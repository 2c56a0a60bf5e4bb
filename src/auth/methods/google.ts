import { z } from 'zod'
import { secretRef, secretRefOrText } from '../../secrets/ref.ts'
import { retry } from '../../secrets/retry.ts'
import { type Auth, type AuthDeps, defineAuth } from '../auth.ts'
import { scopeList } from '../token/scope-list.ts'
import { requestDelegated } from '../google/delegation.ts'
import { type Identity, openIdentity } from '../google/identity.ts'
import { createKeyFileGrant } from '../google/key-file.ts'
import { withHeader } from '../credential-location/header.ts'
import { authorizationHeader } from '../credential-location/location.ts'
import { scopesComment } from '../example.ts'
import { createTokenAuth } from '../token/token-auth.ts'
import type { Token } from '../token/token-request.ts'

const googleConfig = z
  .strictObject({
    type: z.literal('google'),
    scopes: scopeList.default(['https://www.googleapis.com/auth/cloud-platform']).meta({
      description: 'The scopes to ask for: a list, or one text with spaces between.',
      examples: [['https://www.googleapis.com/auth/analytics.readonly']],
    }),
    subject: secretRefOrText.optional().meta({
      description: 'The e-mail address of the person to act for, by domain-wide delegation.',
      examples: ['me@acme.example'],
    }),
    audience: z
      .string()
      .regex(/^[^\s&#]+$/, { error: 'expected a URL or a client id' })
      .optional()
      .meta({
        description: 'Asks for an ID token for this URL or client id, as a private Cloud Run service needs it.',
        examples: ['https://acme-abc.a.run.app'],
      }),
    key_file: secretRef.optional().meta({
      description: "A service account's whole JSON key file, where the runtime has no identity of its own.",
      examples: ['secret:google-key'],
    }),
  })
  .refine(({ subject, audience }) => subject === undefined || audience === undefined, {
    path: ['audience'],
    error: 'expected one of subject and audience: an ID token speaks for the service account itself',
  })
  .meta({
    description:
      'The Google identity that the program runs as (Application Default Credentials), or that of a key file.',
    examples: [{ type: 'google', scopes: ['https://www.googleapis.com/auth/analytics.readonly'] }],
  })

export type GoogleConfig = z.output<typeof googleConfig>

const limits = { attempts: 3, base: 500, cap: 10_000 }

/**
 * The identity that this program runs as (Application Default Credentials: the service account of the cloud, or of a
 * login with gcloud), or that of a key file; for itself, for a person (`subject`), or towards one service (`audience`).
 */
export default defineAuth({
  config: googleConfig,
  writes: authorizationHeader,
  example: {
    label: 'Google, as the account that headrace runs as',
    lines: () => [
      scopesComment,
      'scopes: [https://www.googleapis.com/auth/cloud-platform]',
      '# The person acted for, where domain-wide delegation is granted.',
      '# subject: reports@example.com',
    ],
  },
  create(config, deps) {
    if (config.key_file) {
      const fetchToken = createKeyFileGrant(config, deps.secret(config.key_file), deps)
      return createTokenAuth(fetchToken, deps, { method: config.type, scopes: config.scopes })
    }
    return createRuntimeAuth(config, deps)
  },
})

function createRuntimeAuth(config: GoogleConfig, deps: AuthDeps): Auth {
  let billed: string | undefined
  const fetchOnce = async (): Promise<Token> => {
    // Opened again each time, as it keeps tokens of its own, also one that the API has just refused.
    const identity = await openIdentity(config.scopes, deps)
    billed = identity.quotaProject
    return fetchToken(identity, config, deps)
  }
  const auth = createTokenAuth(() => retry(fetchOnce, limits, { effects: deps, signal: deps.signal }), deps, {
    method: config.type,
    scopes: config.scopes,
  })
  return {
    ...auth,
    async sign(request) {
      const signed = await auth.sign(request)
      // A person's own login is refused by many APIs unless it says which project pays.
      const plain = billed === undefined || signed.headers['x-goog-user-project'] !== undefined
      return plain ? signed : withHeader(signed, 'x-goog-user-project', billed as string)
    },
  }
}

function fetchToken(identity: Identity, { audience, subject, scopes }: GoogleConfig, deps: AuthDeps): Promise<Token> {
  if (audience !== undefined) return identity.idToken(audience)
  if (subject === undefined) return identity.accessToken()
  return requestDelegated({ identity, subject: deps.secret(subject).reveal(), scopes }, deps)
}
