import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT, exportSPKI, generateKeyPair } from 'jose'

export const audience = 'https://etl.acme.example'
export const iapAudience = '/projects/1/locations/europe-west1/services/etl'
export const caller = 'scheduler@acme.iam.gserviceaccount.com'

export interface TokenOptions {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  /** Seconds from now. */
  readonly expires?: number
}

/** A server that gives keys as Google does, and the tokens that are signed with them. */
export interface Google extends AsyncDisposable {
  readonly url: string
  /** How often it was asked for keys. */
  readonly requests: number
  /** Answers 503 from now on. */
  fail(failing: boolean): void
  /** An ID token for `audience` of `caller`, unless the options say otherwise. */
  idToken(options?: TokenOptions): Promise<string>
  /** What Identity-Aware Proxy adds. */
  iapHeader(options?: TokenOptions): Promise<string>
}

export async function startGoogle(): Promise<Google> {
  const id = await generateKeyPair('RS256', { extractable: true })
  const iap = await generateKeyPair('ES256', { extractable: true })
  const keys: Readonly<Record<string, object>> = {
    '/certs': { one: await exportSPKI(id.publicKey) },
    '/iap': { two: await exportSPKI(iap.publicKey) },
  }
  let requests = 0
  let failing = false
  const server = createServer((request, response) => {
    requests += 1
    const found = keys[request.url ?? '']
    if (failing || !found) return void response.writeHead(failing ? 503 : 404).end()
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(found))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  const sign = (
    key: Parameters<SignJWT['sign']>[0],
    defaults: TokenOptions,
    options: TokenOptions,
  ): Promise<string> => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { ...defaults.claims, iat: now - 10, exp: now + (options.expires ?? 3600), ...options.claims }
    return new SignJWT(claims).setProtectedHeader({ alg: 'none', ...defaults.header, ...options.header }).sign(key)
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests
    },
    fail: (value) => void (failing = value),
    idToken: (options = {}) =>
      sign(
        id.privateKey,
        {
          claims: { iss: 'https://accounts.google.com', aud: audience, sub: '1', email: caller, email_verified: true },
          header: { alg: 'RS256', kid: 'one', typ: 'JWT' },
        },
        options,
      ),
    iapHeader: (options = {}) =>
      sign(
        iap.privateKey,
        {
          claims: { iss: 'https://cloud.google.com/iap', aud: iapAudience, sub: 'x:1', email: 'ann@acme.example' },
          header: { alg: 'ES256', kid: 'two', typ: 'JWT' },
        },
        options,
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A token as Cloud Run hands it on: whoever sent it has been checked, and its signature is gone. */
export const withoutSignature = (token: string): string =>
  [...token.split('.').slice(0, 2), 'SIGNATURE_REMOVED_BY_GOOGLE'].join('.')
