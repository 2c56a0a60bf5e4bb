import { createAuth } from '../auth/index.ts'
import { createTokenFetch } from '../auth/token-fetch.ts'
import type { App } from '../app.ts'
import type { Connector } from '../config/connector.ts'
import { secretRefs } from '../config/secret-refs.ts'
import { createPageDecoder } from '../decode/index.ts'
import { createClient } from '../http/client.ts'
import { describeRequest } from '../http/describe.ts'
import type { Meter } from '../http/meter.ts'
import { allowedOrigins } from '../http/origins.ts'
import { createRateLimiter } from '../http/rate-limit.ts'
import type { ApiRequest } from '../http/send.ts'
import type { Deadline } from '../resume/deadline.ts'
import { resolveSecrets } from '../secrets/index.ts'
import type { ClientFactory } from './job.ts'

export interface Provider {
  /** The client of one stream, which counts into `meter`. */
  readonly client: (meter: Meter) => ClientFactory
  readonly withoutCredentials: (request: ApiRequest) => ApiRequest
  readonly describe: (request: ApiRequest) => string
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
  const { effects, redactor, dispatcher, log } = app
  const secret = await resolveSecrets(secretRefs(connector), app.secretStore(connector), { redactor, signal })
  const auth = createAuth(connector.auth, {
    ...effects,
    secret,
    fetch: createTokenFetch(dispatcher, connector.timeout),
    redactor,
    signal,
  })
  const limiter = createRateLimiter(connector.rate_limit, effects)
  const redact = (text: string): string => redactor.redact(text)
  const describe = (request: ApiRequest): string => describeRequest(request, redact)
  const foundRows = new Map<string, string>()

  return {
    describe,
    withoutCredentials: (request) => stripCredentials(request, auth.queryParams ?? [], redact),
    client:
      (meter) =>
      (stream, { shape, learn, listing }) =>
        createClient({
          dispatcher,
          auth,
          origins: allowedOrigins(connector),
          retry: connector.retry,
          timeout: connector.timeout,
          rules: stream.errors,
          limiter,
          deadline,
          effects,
          log,
          redact,
          meter,
          openDecoder: ({ status, headers, url }) =>
            createPageDecoder({
              format: stream.format,
              rows: stream.rows ?? foundRows.get(stream.name),
              onRowsFound: (rows) => {
                foundRows.set(stream.name, rows)
                onRowsFound(stream.name, rows)
              },
              shape,
              learn,
              listing,
              charset: /;\s*charset="?([^\s;"]+)/i.exec(headers['content-type'] ?? '')?.[1]?.toLowerCase(),
              mayBeEmpty: status === 204 || status === 205,
              where: describe({ method: stream.method, url, headers: {} }),
            }),
        }),
  }
}

/** A next link may repeat the credential that its request was sent with: neither a checkpoint nor a log may have it. */
function stripCredentials(request: ApiRequest, names: readonly string[], redact: (text: string) => string): ApiRequest {
  const url = new URL(request.url)
  const secret = [...url.searchParams].filter(([name, value]) => names.includes(name) || redact(value) !== value)
  if (secret.length === 0) return request
  for (const [name] of secret) url.searchParams.delete(name)
  return { ...request, url: url.href }
}
