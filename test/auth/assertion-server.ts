import type { KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type JWTPayload, type JWTVerifyOptions, errors, jwtVerify } from 'jose'

/** What a provider wants of an assertion, beyond a good signature. */
export interface AssertionRules {
  /** Of the account whose key it is. */
  readonly key: KeyObject | Uint8Array
  readonly verify?: JWTVerifyOptions
  /** Why the request is refused; undefined where all is as documented. */
  readonly refuse?: (claims: JWTPayload, form: URLSearchParams) => string | undefined
  /** The name of the parameter; `assertion` where absent. */
  readonly param?: string
  readonly answer?: object
}

export interface AssertionServer {
  readonly url: string
  readonly requests: readonly URLSearchParams[]
  /** Claims of the assertions that were taken. */
  readonly taken: readonly JWTPayload[]
}

/** A token endpoint that verifies assertions by jose, by its own clock, as RFC 7523 section 3 says. */
export async function startAssertionServer(context: TestContext, rules: AssertionRules): Promise<AssertionServer> {
  const requests: URLSearchParams[] = []
  const taken: JWTPayload[] = []
  const jtis = new Set<unknown>()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/oauth2/token`

  const judge = async (form: URLSearchParams): Promise<[status: number, body: object]> => {
    const assertion = form.get(rules.param ?? 'assertion') ?? ''
    try {
      const options = { audience: url, clockTolerance: 5, requiredClaims: ['exp', 'iat'], ...rules.verify }
      const { payload } = await jwtVerify(assertion, rules.key, options)
      if (payload.iat !== undefined && payload.iat > Date.now() / 1_000 + 5) return refuse('issued in the future')
      const reason = jtis.has(payload.jti) ? 'replayed' : rules.refuse?.(payload, form)
      if (reason !== undefined) return refuse(reason)
      jtis.add(payload.jti)
      taken.push(payload)
      return [200, { access_token: `token-${taken.length}`, token_type: 'Bearer', expires_in: 3600, ...rules.answer }]
    } catch (thrown) {
      if (thrown instanceof errors.JOSEError) return refuse(`${thrown.code}: ${thrown.message}`)
      throw thrown
    }
  }

  server.on('request', (message, response) => {
    const chunks: Buffer[] = []
    message.on('data', (chunk: Buffer) => chunks.push(chunk))
    message.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString())
      requests.push(form)
      judge(form).then(
        ([status, body]) =>
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
        (error: Error) => response.destroy(error),
      )
    })
  })
  return { url, requests, taken }
}

const refuse = (reason: string): [number, object] => [400, { error: 'invalid_grant', error_description: reason }]
