/** What the lines of a method are made of. */
export interface StarterAuthOptions {
  /** Of the connector; secrets are named after it. */
  readonly name: string
  /** Where tokens come from: of every method in `tokenMethods`. */
  readonly tokenUrl?: string
  /** oauth2_authorization_code: the name of a provider whose settings are known, instead of the URLs. */
  readonly provider?: string
  /** oauth2_authorization_code: where the browser is sent for consent. */
  readonly authorizeUrl?: string
}

/** The methods that a connector file can be started with, the common ones first. */
export const starterAuth = [
  'none',
  'bearer',
  'api_key',
  'basic',
  'oauth2_client_credentials',
  'oauth2_authorization_code',
  'oauth2_refresh_token',
  'google',
  'jwt_bearer',
  'login',
  'oauth1',
  'hmac',
  'digest',
  'aws_sigv4',
] as const

export type StarterAuth = (typeof starterAuth)[number]

/** For the one who is asked. */
export const starterAuthLabels: Readonly<Record<StarterAuth, string>> = {
  none: 'nothing',
  bearer: 'a bearer token',
  api_key: 'an API key in a header',
  basic: 'user name and password',
  oauth2_client_credentials: 'OAuth 2.0, client credentials',
  oauth2_authorization_code: 'OAuth 2.0, a person consents once in a browser',
  oauth2_refresh_token: 'OAuth 2.0, a refresh token that I have',
  google: 'Google, as the account that headrace runs as',
  jwt_bearer: 'a signed assertion (service account key)',
  login: 'a token for user name and password, at a login URL',
  oauth1: 'OAuth 1.0a',
  hmac: 'a signature of each request (HMAC)',
  digest: 'user name and password (digest)',
  aws_sigv4: 'an AWS signature',
}

/** The methods that need `tokenUrl`. */
export const tokenMethods: readonly StarterAuth[] = [
  'oauth2_client_credentials',
  'oauth2_refresh_token',
  'jwt_bearer',
  'login',
]

type Write = (
  secret: (what: string) => string,
  options: StarterAuthOptions & { readonly quote: (text: string) => string },
) => readonly string[]

const scopesComment = "# What may be read; the provider's documentation names the scopes."

const client = (secret: (what: string) => string): readonly string[] => [
  `client_id: ${secret('client-id')}`,
  `client_secret: ${secret('client-secret')}`,
]

const writers: Readonly<Record<Exclude<StarterAuth, 'none'>, Write>> = {
  bearer: (secret) => [`token: ${secret('token')}`],
  api_key: (secret) => ['in: header', 'name: X-Api-Key', `value: ${secret('api-key')}`],
  basic: (secret) => [`username: ${secret('username')}`, `password: ${secret('password')}`],
  oauth2_client_credentials: (secret, { tokenUrl = '', quote }) => [`token_url: ${quote(tokenUrl)}`, ...client(secret)],
  oauth2_authorization_code: (secret, { name, provider, tokenUrl, authorizeUrl, quote }) => [
    ...(provider === undefined
      ? [`authorize_url: ${quote(authorizeUrl ?? '')}`, `token_url: ${quote(tokenUrl ?? '')}`]
      : [`provider: ${quote(provider)}`, ...(provider === 'shopify' ? [`shop: ${name.replaceAll('_', '-')}`] : [])]),
    ...client(secret),
    scopesComment,
    'scopes: []',
    `# Where headrace connect ${name} saves what you consent to.`,
    `tokens: ${secret('tokens')}`,
  ],
  oauth2_refresh_token: (secret, { tokenUrl = '', quote }) => [
    `token_url: ${quote(tokenUrl)}`,
    ...client(secret),
    '# One that the provider puts in its place is saved here.',
    `refresh_token: ${secret('refresh-token')}`,
  ],
  google: () => [
    scopesComment,
    'scopes: [https://www.googleapis.com/auth/cloud-platform]',
    '# The person acted for, where domain-wide delegation is granted.',
    '# subject: reports@example.com',
  ],
  jwt_bearer: (secret, { tokenUrl = '', quote }) => [
    `token_url: ${quote(tokenUrl)}`,
    '# The client id or account that the key belongs to.',
    `issuer: ${secret('issuer')}`,
    '# The user that is acted for.',
    `# subject: ${secret('subject')}`,
    `private_key: ${secret('private-key')}`,
    scopesComment,
    'scopes: []',
  ],
  login: (secret, { tokenUrl = '', quote }) => [
    'request:',
    `  url: ${quote(tokenUrl)}`,
    `  body: { username: ${secret('username')}, password: ${secret('password')} }`,
    '# Where the token lies in the answer: a JSONPath, header:NAME or cookie:NAME.',
    'token: $.token',
    '# How long it is good for, unless a 401 says so; a duration or a JSONPath.',
    '# lifetime: PT1H',
  ],
  oauth1: (secret) => [
    `consumer_key: ${secret('consumer-key')}`,
    `consumer_secret: ${secret('consumer-secret')}`,
    `token: ${secret('token')}`,
    `token_secret: ${secret('token-secret')}`,
    '# signature: HMAC-SHA256',
  ],
  hmac: (secret) => [
    `key: ${secret('key')}`,
    "# What is signed, in the order that the provider's documentation gives.",
    'template: "{{ timestamp }}{{ method }}{{ target }}{{ body }}"',
    'headers: { X-Timestamp: "{{ timestamp }}" }',
    'place: { in: header, name: X-Signature }',
  ],
  digest: (secret) => [`username: ${secret('username')}`, `password: ${secret('password')}`],
  aws_sigv4: (secret) => [
    `access_key: ${secret('access-key')}`,
    `secret_key: ${secret('secret-key')}`,
    'region: us-east-1',
    'service: execute-api',
  ],
}

/** The lines of `auth`, and a blank one; `quote` writes a text as a YAML scalar. */
export function writeStarterAuth(
  auth: StarterAuth,
  options: StarterAuthOptions & { readonly quote: (text: string) => string },
): readonly string[] {
  const secret = (what: string): string => `secret:${options.name}-${what}`
  if (auth === 'none') return [`# auth: { type: bearer, token: ${secret('token')} }`, '']
  return [
    ...(auth === 'google'
      ? []
      : ['# Secrets are named, never written here: secret:NAME (Secret Manager), env:NAME or file:PATH.']),
    'auth:',
    ...[`type: ${auth}`, ...writers[auth](secret, options)].map((line) => `  ${line}`),
    '',
  ]
}
