import type { SignInFacts } from '../auth/token/sign-in-facts.ts'
import type { Connector, StreamConfig } from '../connector/connector.ts'
import { type ErrorCode, type SyncError, toSyncError } from '../base/errors.ts'
import type { StreamProbe } from './probe.ts'
import type { Provider } from './provider.ts'
import type { SignInStep } from './sign-in-step.ts'

/** One way to sign in, tried. */
export interface SignInReport {
  /** Those that sign in this way. */
  readonly streams: readonly string[]
  /** The `type` of each method. */
  readonly methods: readonly string[]
  readonly facts: readonly SignInFacts[]
  readonly failedAt?: SignInStep | undefined
  readonly error?: SyncError
}

/** Signs in once in each way that the streams do, as the first request of a run would, without sending one to the API. */
export async function trySignIns(
  connector: Connector,
  streams: readonly StreamConfig[],
  provider: Provider,
): Promise<readonly SignInReport[]> {
  const reports: SignInReport[] = []
  for (const [auth, users] of Map.groupBy(streams, (stream) => provider.auth(stream))) {
    const methods = ((users[0] as StreamConfig).auth ?? connector.auth).map(({ type }) => type)
    if (methods.every((type) => type === 'none')) continue
    const names = users.map(({ name }) => name)
    try {
      await auth.sign({ method: 'GET', url: connector.base_url, headers: {} })
      reports.push({ streams: names, methods, facts: auth.describe?.() ?? [] })
    } catch (thrown) {
      const error = toSyncError(thrown)
      reports.push({ streams: names, methods, facts: [], failedAt: findStep(error) ?? 'grant', error })
    }
  }
  return reports
}

/** A token can be had and still be of no use: what the API said when it was shown belongs to the sign-in too. */
export function blameSignIns(
  reports: readonly SignInReport[],
  probes: readonly StreamProbe[],
): readonly SignInReport[] {
  return reports.map((report) => {
    if (report.error) return report
    const errors = probes.flatMap(({ stream, error }) => (error && report.streams.includes(stream) ? [error] : []))
    const refusal = errors.find((error) => findStep(error) === 'api' || findStep(error) === 'scopes')
    return refusal ? { ...report, failedAt: findStep(refusal), error: refusal } : report
  })
}

const stepOfCode: Partial<Record<ErrorCode, SignInStep>> = {
  SECRET_MISSING: 'secrets',
  SECRET_FORBIDDEN: 'secrets',
  SECRET_UNAVAILABLE: 'secrets',
  CONFIG_INVALID: 'secrets',
  AUTH_UNAVAILABLE: 'token_endpoint',
  AUTH_FAILED: 'grant',
  RECONNECT_NEEDED: 'consent',
  AUTH_REJECTED: 'api',
}

/** RFC 6749 section 5.2 and RFC 6750 section 3.1. */
const stepOfError: Readonly<Record<string, SignInStep>> = {
  invalid_client: 'client',
  unauthorized_client: 'client',
  invalid_scope: 'scopes',
  insufficient_scope: 'scopes',
}

/** The step of the sign-in that an error speaks of; undefined where it is about something else. */
export function findStep({ code, details: { error } }: SyncError): SignInStep | undefined {
  if (!code.startsWith('AUTH_') && code !== 'API_REFUSED') return stepOfCode[code]
  return (typeof error === 'string' ? stepOfError[error] : undefined) ?? stepOfCode[code]
}
