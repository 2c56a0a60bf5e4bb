import { generateKeyPairSync } from 'node:crypto'
import { sealTokens } from '../../src/auth/token/sealed-tokens.ts'
import type { SavedTokens, TokenStore } from '../../src/secrets/token-store/contract.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { createSelfSigned } from '../support/self-signed.ts'

/** A method of authentication as a connector file writes it, with secrets that are canaries. */
export interface SignedIn {
  readonly type: string
  /** What tells it from another of its type. */
  readonly variant?: string
  /** Lines under `auth`, as JSON; `url` is the provider's, `ref` names a secret by its canary. */
  readonly auth: (url: string, ref: (name: string) => string) => object
  /** The stream signs in by itself. */
  readonly ofStream?: true
  /** Lines under `tls`. */
  readonly tls?: (ref: (name: string) => string) => object
  /** It asks the provider for a token first. */
  readonly signsIn?: true
  /** Its secrets by name. */
  readonly secrets: Readonly<Record<string, string>>
  /** Kept in a file that the method itself writes to. */
  readonly kept?: Readonly<Record<string, (secrets: Readonly<Record<string, string>>) => string | Promise<string>>>
  /** What is kept is encrypted, and searched too. */
  readonly encrypted?: true
  /** Not repeated by the provider, but where they stand in the request at hand. */
  readonly unsent?: readonly string[]
  /** Fetched like a secret, and none: a certificate may be shown. */
  readonly open?: readonly string[]
}

const text = (name: string) => `canary-${name}/Wd9+fQ~7x=Lk&2rT`
/** For where any character may stand. */
const wild = (name: string) => `canary "${name}" \\Wd9+fQ~7x=Lk&2rT%é`

const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ format: 'pem', type: 'pkcs8' })
  .toString()

const certificate = createSelfSigned({ name: 'canary' })

const client = (url: string, ref: (name: string) => string) => ({
  token_url: `${url}/token`,
  client_id: 'me',
  client_secret: ref('secret'),
})

export const signedIn: readonly SignedIn[] = [
  { type: 'none', auth: () => ({}), secrets: {} },
  {
    type: 'basic',
    auth: (_, ref) => ({ username: 'me', password: ref('secret') }),
    secrets: { secret: wild('password') },
  },
  { type: 'bearer', auth: (_, ref) => ({ token: ref('secret') }), secrets: { secret: text('bearer') } },
  {
    type: 'bearer',
    variant: 'of a stream',
    ofStream: true,
    auth: (_, ref) => ({ token: ref('secret') }),
    secrets: { secret: text('bearer') },
  },
  {
    type: 'bearer',
    variant: 'beside a certificate',
    auth: (_, ref) => ({ token: ref('secret') }),
    tls: (ref) => ({ cert: ref('cert'), key: ref('key') }),
    secrets: { secret: text('bearer'), key: certificate.key, cert: certificate.cert },
    unsent: ['key', 'cert'],
    open: ['cert'],
  },
  ...(['header', 'query', 'cookie'] as const).map((place): SignedIn => ({
    type: 'api_key',
    variant: place,
    auth: (_, ref) => ({ in: place, name: 'key', value: ref('secret') }),
    secrets: { secret: place === 'query' ? wild('key') : text('key').replace('&', '') },
  })),
  ...(['basic', 'post', 'client_secret_jwt'] as const).map((place): SignedIn => ({
    type: 'oauth2_client_credentials',
    variant: place,
    signsIn: true,
    auth: (url, ref) => ({ ...client(url, ref), client_auth: place, extra: { more: ref('extra') } }),
    secrets: { secret: `${text('client')}-of-enough-length`, extra: wild('extra') },
    unsent: place === 'client_secret_jwt' ? ['secret'] : [],
  })),
  {
    type: 'oauth2_client_credentials',
    variant: 'private_key_jwt',
    signsIn: true,
    auth: (url, ref) => ({
      token_url: `${url}/token`,
      client_id: 'me',
      client_auth: 'private_key_jwt',
      private_key: ref('key'),
    }),
    secrets: { key: privateKey },
    unsent: ['key'],
  },
  {
    type: 'oauth2_refresh_token',
    signsIn: true,
    auth: (url, ref) => ({ ...client(url, ref), refresh_token: ref('tokens') }),
    secrets: { secret: text('client'), refresh: text('refresh') },
    kept: { tokens: ({ refresh }) => String(refresh) },
    // Once it was used it is no more: a later command does not know it.
    unsent: ['refresh'],
  },
  {
    type: 'oauth2_authorization_code',
    signsIn: true,
    auth: (url, ref) => ({ ...client(url, ref), authorize_url: `${url}/authorize`, tokens: ref('tokens') }),
    secrets: { secret: text('client'), refresh: text('refresh') },
    kept: { tokens: ({ refresh }) => JSON.stringify({ refresh_token: refresh }) },
    // Once it was used it is no more: a later command does not know it.
    unsent: ['refresh'],
  },
  {
    type: 'oauth2_authorization_code',
    variant: 'with tokens_key',
    signsIn: true,
    auth: (url, ref) => ({
      ...client(url, ref),
      authorize_url: `${url}/authorize`,
      tokens: ref('tokens'),
      tokens_key: ref('key'),
    }),
    secrets: { secret: text('client'), refresh: text('refresh'), key: `${text('key')}-of-enough-length` },
    kept: { tokens: ({ refresh, key }) => sealed({ refresh_token: String(refresh) }, String(key)) },
    encrypted: true,
    unsent: ['refresh', 'key'],
  },
  {
    type: 'jwt_bearer',
    signsIn: true,
    auth: (url, ref) => ({
      token_url: `${url}/token`,
      issuer: 'me',
      private_key: ref('key'),
      client_id: 'me',
      client_secret: ref('secret'),
    }),
    secrets: { key: privateKey, secret: text('client') },
    unsent: ['key'],
  },
  {
    type: 'google',
    signsIn: true,
    auth: (_, ref) => ({ key_file: ref('file') }),
    secrets: { file: '', key: privateKey },
    unsent: ['key', 'file'],
  },
  {
    type: 'oauth1',
    auth: (_, ref) => ({
      consumer_key: 'me',
      consumer_secret: ref('secret'),
      token: ref('token'),
      token_secret: ref('token_secret'),
      signature: 'PLAINTEXT',
    }),
    secrets: { secret: wild('consumer'), token: wild('token'), token_secret: wild('token secret') },
  },
  {
    type: 'oauth1',
    variant: 'signed',
    auth: (_, ref) => ({
      consumer_key: 'me',
      consumer_secret: ref('secret'),
      token: ref('token'),
      token_secret: ref('token_secret'),
      signature: 'HMAC-SHA256',
    }),
    secrets: { secret: wild('consumer'), token: wild('token'), token_secret: wild('token secret') },
    unsent: ['secret', 'token_secret'],
  },
  ...(['header', 'query', 'cookie'] as const).map((place): SignedIn => ({
    type: 'login',
    variant: place,
    signsIn: true,
    auth: (url, ref) => ({
      request: { url: `${url}/token`, headers: { 'X-Key': ref('key') }, body: { user: 'me', password: ref('secret') } },
      token: '$.data.token',
      place: { in: place, name: 'X-Session' },
    }),
    secrets: { secret: wild('password'), key: text('key') },
  })),
  {
    type: 'hmac',
    auth: (_, ref) => ({
      key: ref('key'),
      headers: { 'X-Id': ref('id') },
      params: { account: ref('account') },
      template: '{{ method }}{{ target }}',
      place: { in: 'query', name: 'sign' },
    }),
    secrets: { key: wild('signing key'), id: text('id'), account: wild('account') },
    unsent: ['key'],
  },
  {
    type: 'aws_sigv4',
    auth: (_, ref) => ({
      access_key: ref('id'),
      secret_key: ref('secret'),
      session_token: ref('session'),
      region: 'eu-central-1',
      service: 'execute-api',
    }),
    secrets: { id: 'canaryAKIDEXAMPLE0001', secret: text('secret'), session: text('session') },
    unsent: ['secret'],
  },
  {
    type: 'digest',
    auth: (_, ref) => ({ username: 'me', password: ref('secret') }),
    secrets: { secret: wild('password') },
    unsent: ['secret'],
  },
]

/** A service account's key file whose tokens come from `url`. */
export const googleKeyFile = (url: string): string =>
  JSON.stringify({
    type: 'service_account',
    project_id: 'acme',
    private_key_id: 'canary-key-id-0001',
    private_key: privateKey,
    client_email: 'canary@acme.iam.gserviceaccount.com',
    token_uri: `${url}/token`,
  })

/** As `headrace connect` saves them. */
async function sealed(tokens: SavedTokens, key: string): Promise<string> {
  let saved = ''
  const store: TokenStore = {
    name: 'here',
    read: async () => undefined,
    replace: async (given) => void (saved = JSON.stringify(given)),
    withLease: () => Promise.reject(new Error('nothing is renewed here')),
  }
  await sealTokens(store, new Secret(key)).replace(tokens, AbortSignal.timeout(10_000))
  return saved
}
