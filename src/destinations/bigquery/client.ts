import { Agent } from 'undici'
import type { z } from 'zod'
import { parseLocalEndpoint } from '../../syntax/loopback.ts'
import type { Effects } from '../../base/effects.ts'
import { backoff } from '../../base/backoff.ts'
import { createCredentials, noCredentials } from './credentials.ts'
import { type Call, exchange, type Limits, type Target } from './exchange.ts'
import { isPassing, ServiceError } from './service-error.ts'

/** The REST API of BigQuery in one project. */
export interface Client extends AsyncDisposable {
  readonly project: string
  readonly effects: Effects
  readonly limits: Limits
  /**
   * Sends until there is an answer that is no passing failure, with full jitter between the tries. Throws
   * `ServiceError`, `DESTINATION_FORBIDDEN` without credentials, and the signal's reason when it aborts.
   */
  call<Reply extends z.ZodType>(call: Call, reply: Reply, signal?: AbortSignal): Promise<z.output<Reply>>
  /** Who this process is, as an IAM policy spells it. */
  member(): Promise<string>
}

export const defaultLimits: Limits = {
  attempts: 7,
  base: 400,
  cap: 16_000,
  request: 60_000,
  upload: 300_000,
  job: 600_000,
  cancelled: 30_000,
}

export interface ClientOptions {
  readonly project: string
  /** Instead of Google's: `http://127.0.0.1:PORT`; called without credentials. */
  readonly endpoint?: string | undefined
  readonly effects: Effects
  readonly limits?: Partial<Limits> | undefined
}

const service = 'https://bigquery.googleapis.com'
const never = new AbortController().signal

/** Throws `CONFIG_INVALID` at once for an endpoint that is not on this machine. */
export function createClient({ project, endpoint, effects, limits: given }: ClientOptions): Client {
  const local = parseLocalEndpoint('HEADRACE_BIGQUERY_ENDPOINT', endpoint)?.origin
  const limits = { ...defaultLimits, ...given }
  const credentials = local ? noCredentials : createCredentials()
  const dispatcher = new Agent({ allowH2: false, connect: { timeout: 10_000, rejectUnauthorized: true } })
  const target: Target = { origin: local ?? service, project, credentials, dispatcher, limits }
  return {
    project,
    effects,
    limits,
    async call(call, reply, signal = never) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return read(reply, await send(target, call, signal))
        } catch (thrown) {
          signal.throwIfAborted()
          if (!isPassing(thrown) || attempt >= limits.attempts) throw thrown
          await effects.sleep(backoff(attempt, limits, effects.random()), signal)
        }
      }
    },
    member: () => credentials.member(),
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  }
}

/** A token that was revoked before its time is replaced once. */
async function send(target: Target, call: Call, signal: AbortSignal): Promise<unknown> {
  try {
    return await exchange(target, call, signal)
  } catch (thrown) {
    if (!(thrown instanceof ServiceError) || thrown.status !== 401) throw thrown
    target.credentials.renew()
    return exchange(target, call, signal)
  }
}

/** An answer that is none, say of a proxy on the way, tells nothing of whether the request took effect. */
function read<Reply extends z.ZodType>(reply: Reply, answer: unknown): z.output<Reply> {
  const parsed = reply.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new ServiceError(0, 'connection', 'the answer is none of BigQuery')
}
