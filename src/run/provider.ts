import type { Auth, AuthDeps } from '../auth/auth.ts'
import { createAuth } from '../auth/index.ts'
import { createTokenFetch } from '../auth/token/token-fetch.ts'
import type { App } from './app.ts'
import type { Connector, StreamConfig } from '../connector/connector.ts'
import { envValues } from '../connector/env-values.ts'
import { endsInPlaceholder } from '../connector/request-url.ts'
import { secretRefs } from '../connector/secret-refs.ts'
import { createPageDecoder } from '../decode/index.ts'
import { SyncError } from '../base/errors.ts'
import { createClient } from '../http/client.ts'
import { describeRequest } from '../http/describe.ts'
import type { Meter } from '../http/meter.ts'
import { allowedOrigins } from '../http/origins.ts'
import { createRateLimiter } from '../http/rate-limit.ts'
import type { ApiRequest, Middleware } from '../http/send.ts'
import { limitsFor, memoryOf } from '../base/memory.ts'
import type { Deadline } from '../http/deadline.ts'
import { resolveSecrets } from '../secrets/index.ts'
import type { Redactor } from '../secrets/redactor.ts'
import { Secret } from '../secrets/secret.ts'
import { openConnections } from './connections.ts'
import type { ClientFactory } from '../sync/job-options.ts'
import { createSealer, type Sealer } from '../sync/seal-place.ts'

export interface Provider extends AsyncDisposable {
  /** The client of one stream, which counts into `meter` and is watched by `observe`. */
  readonly client: (meter: Meter, observe?: Middleware) => ClientFactory
  /** The sign-in of a stream: the same for all streams that sign in the same way, so that a token is fetched once. */
  readonly auth: (stream: StreamConfig) => Auth
  readonly withoutCredentials: (request: ApiRequest, stream: StreamConfig) => ApiRequest
  readonly describe: (request: ApiRequest) => string
  readonly sealer: Sealer
}

export interface ProviderOptions {
  readonly deadline: Deadline
  readonly signal: AbortSignal
  /** Told where the rows of a stream were found. */
  readonly onRowsFound: (stream: string, rows: string) => void
}

/** Fetches the secrets and makes what all streams of a connector share: sign-in, pace, origins. Throws `SECRET_*`. */
export async function openProvider(
  connector: Connector,
  app: App,
  { deadline, signal, onRowsFound }: ProviderOptions,
): Promise<Provider> {
  const { effects, redactor, log } = app
  const refs = secretRefs(connector)
  const secret = await resolveSecrets(refs, app.secretStore(connector), { redactor, signal })
  const values = envValues(connector, app.env)
  for (const value of values) redactor.addWhole(new Secret(value))
  const connections = openConnections(connector, app, secret)
  const { dispatcher, showCertificate } = connections
  const auth = shareAuth(connector, {
    ...effects,
    secret,
    fetch: createTokenFetch(dispatcher, connector.timeout),
    showCertificate,
    redactor,
    signal,
    tokens: app.tokenStore(connector),
    file: connector.file,
    log,
  })
  const limiter = createRateLimiter(connector.rate_limit, effects)
  const redact = (text: string): string => redactor.redact(text)
  const describe = (request: ApiRequest): string => describeRequest(request, redact)
  const foundRows = new Map<string, string>()
  const limits = limitsFor(memoryOf(app.env))

  return {
    describe,
    auth,
    sealer: createSealer({ redact, secrets: [...refs.map(({ ref }) => secret(ref).reveal()), ...values] }),
    withoutCredentials: (request, stream) => stripCredentials(request, auth(stream).queryParams ?? [], redactor),
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
    client:
      (meter, observe) =>
      (stream, { shape, learn, listing, onGuess, onRepair }) => {
        const asked = { one: endsInPlaceholder(stream), names: [stream.name] }
        return createClient({
          dispatcher,
          auth: auth(stream),
          origins: allowedOrigins(connector),
          retry: connector.retry,
          timeout: connector.timeout,
          rules: stream.errors,
          limits: { body: stream.max_body ?? limits.body },
          limiter,
          deadline,
          effects,
          log,
          redact,
          meter,
          observe,
          onRepair,
          openDecoder: ({ status, headers, url }) =>
            createPageDecoder({
              format: stream.format,
              rows: stream.rows ?? foundRows.get(stream.name),
              onRowsFound: (rows) => {
                foundRows.set(stream.name, rows)
                onRowsFound(stream.name, rows)
              },
              asked,
              shape,
              learn,
              onGuess,
              onRepair,
              replaceInvalid: stream.invalid_utf8 === 'replace',
              nonFinite: stream.non_finite === 'refuse' ? undefined : 'null',
              listing,
              maxRow: stream.max_row,
              maxWhole: stream.max_body ?? limits.whole,
              charset: /;\s*charset="?([^\s;"]+)/i.exec(headers['content-type'] ?? '')?.[1]?.toLowerCase(),
              mayBeEmpty: status === 204 || status === 205,
              mayLackRows: stream.stop.missing_rows,
              // Most pages never need their name.
              get where() {
                return describe({ method: stream.method, url, headers: {} })
              },
            }),
        })
      },
  }
}

/** Each way to sign in is opened once, and before any request, so that a key that is of no use ends the run here. */
function shareAuth(connector: Connector, deps: AuthDeps): (stream: StreamConfig) => Auth {
  const opened = new Map<string, Auth>()
  const open = (stream: StreamConfig): Auth => {
    const configs = stream.auth ?? connector.auth
    const key = JSON.stringify(configs)
    const auth = opened.get(key) ?? createOwn(stream, configs, deps)
    opened.set(key, auth)
    return auth
  }
  connector.streams.forEach(open)
  return open
}

/** Messages speak of `auth`: of a stream's own they say whose. */
function createOwn(stream: StreamConfig, configs: Connector['auth'], deps: AuthDeps): Auth {
  try {
    return createAuth(configs, deps)
  } catch (thrown) {
    if (!stream.auth || !(thrown instanceof SyncError)) throw thrown
    const { code, message, cause, details } = thrown
    throw new SyncError(code, `Stream ${stream.name}: ${message}`, { cause, details })
  }
}

/**
 * A next link may repeat the credential that its request was sent with: neither a checkpoint nor a log may have it. What
 * only holds one, such as a page token that is made of it, has to stay.
 */
function stripCredentials(request: ApiRequest, names: readonly string[], redactor: Redactor): ApiRequest {
  const url = new URL(request.url)
  const isSecret = (value: string): boolean => redactor.holds(value) && redactor.redact(value) === '[secret]'
  const secret = [...url.searchParams].filter(([name, value]) => names.includes(name) || isSecret(value))
  if (secret.length === 0) return request
  for (const [name] of secret) url.searchParams.delete(name)
  return { ...request, url: url.href }
}
