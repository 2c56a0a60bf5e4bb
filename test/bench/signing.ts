import { createHmac, generateKeyPairSync } from 'node:crypto'
import { type AuthConfig, authConfig, createAuth } from '../../src/auth/index.ts'
import type { AuthDeps } from '../../src/auth/auth.ts'
import { systemEffects } from '../../src/base/effects.ts'
import { createLog } from '../../src/base/log.ts'
import type { ApiRequest } from '../../src/http/send.ts'
import { createRedactor } from '../../src/secrets/redactor.ts'
import { Secret } from '../../src/secrets/secret.ts'

/** What signing one request costs, microseconds. */
export interface SigningCost {
  readonly name: string
  readonly micros: number
  /** The bound; absent where it names none. */
  readonly most?: number
}

const request: ApiRequest = {
  method: 'POST',
  url: 'https://api.acme.example/v1/orders?updated_since=2025-01-01T00%3A00%3A00Z&page=17&per_page=400&status=open',
  headers: { accept: 'application/json', 'content-type': 'application/json' },
  body: JSON.stringify({ filter: { status: ['open', 'paid'] }, limit: 400 }),
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const secrets: Readonly<Record<string, string>> = {
  SECRET: 'a-secret-of-usual-length-0123456789',
  KEY: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
}

const unused = () => Promise.reject(new Error('no method here asks for a token'))
const deps: AuthDeps = {
  ...systemEffects,
  secret: (value) => new Secret(typeof value === 'string' ? value : (secrets[value.name] ?? '')),
  fetch: unused,
  redactor: createRedactor(),
  signal: new AbortController().signal,
  tokens: () => ({ name: 'unused', read: unused, replace: unused, withLease: unused }),
  file: 'acme.yaml',
  log: createLog({ level: 'silent', format: 'json', redact: (text) => text, write: () => undefined }),
}

const oauth1 = {
  type: 'oauth1',
  consumer_key: 'me',
  consumer_secret: 'env:SECRET',
  token: 'env:SECRET',
  token_secret: 'env:SECRET',
}
const methods: readonly (readonly [string, object, number?])[] = [
  ['bearer', { type: 'bearer', token: 'env:SECRET' }, 20],
  ['basic', { type: 'basic', username: 'me', password: 'env:SECRET' }, 20],
  ['api_key in the query', { type: 'api_key', in: 'query', name: 'key', value: 'env:SECRET' }],
  [
    'hmac',
    {
      type: 'hmac',
      key: 'env:SECRET',
      headers: { 'x-time': '{{ timestamp }}', 'x-nonce': '{{ nonce }}' },
      template: '{{ timestamp }}{{ nonce }}{{ method }}{{ target }}{{ body }}',
      place: { name: 'x-sign' },
    },
    150,
  ],
  ['oauth1, HMAC-SHA1', oauth1, 150],
  ['oauth1, HMAC-SHA256', { ...oauth1, signature: 'HMAC-SHA256' }, 150],
  ['oauth1, RSA-SHA256', { ...oauth1, signature: 'RSA-SHA256', private_key: 'env:KEY' }],
  [
    'aws_sigv4',
    { type: 'aws_sigv4', access_key: 'AKID', secret_key: 'env:SECRET', region: 'eu-central-1', service: 'execute-api' },
    150,
  ],
  ['digest, SHA-256', { type: 'digest', username: 'me', password: 'env:SECRET' }, 150],
]

const challenge = 'Digest realm="acme", nonce="0123456789abcdef0123456789abcdef", qop="auth", algorithm=SHA-256'

/** Signs `rounds` requests by each method, after as many to warm up; and as many bare HMACs of the same bytes, as a floor. */
export async function measureSigning(rounds: number): Promise<readonly SigningCost[]> {
  const costs: SigningCost[] = [{ name: 'createHmac alone', micros: await time(rounds, bareHmac) }]
  for (const [name, config, most] of methods) {
    const auth = createAuth([authConfig.parse(config) satisfies AuthConfig], deps)
    const signed = await auth.sign(request)
    auth.handleChallenge?.(signed, { status: 401, headers: { 'www-authenticate': challenge } })
    const micros = await time(rounds, () => auth.sign(request))
    costs.push({ name, micros, ...(most !== undefined && { most }) })
  }
  return costs
}

async function bareHmac(): Promise<void> {
  createHmac('sha256', secrets['SECRET'] ?? '')
    .update(request.url)
    .update(request.body ?? '')
    .digest('hex')
}

async function time(rounds: number, work: () => Promise<unknown>): Promise<number> {
  for (let at = 0; at < rounds; at++) await work()
  const started = process.cpuUsage()
  for (let at = 0; at < rounds; at++) await work()
  const { user, system } = process.cpuUsage(started)
  return (user + system) / rounds
}
