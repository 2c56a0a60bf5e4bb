import { isConnectorName } from '../config/find.ts'
import { isAfter } from '../config/moment.ts'
import { suggest } from '../config/nearest.ts'
import { SyncError } from '../errors.ts'
import { type RunRequest, runRequest } from '../sync/run-request.ts'

const known = Object.keys(runRequest.shape)

/**
 * What a trigger asks for. `name` is the connector of `POST /run/NAME`, beside which the body may be empty. Throws
 * `REQUEST_INVALID`; a connector is named, never given as a path.
 */
export function parseRunRequest(body: string, name?: string): RunRequest {
  const value = body.trim() === '' ? {} : parseObject(body)
  if (name !== undefined && value['connector'] !== undefined && value['connector'] !== name)
    throw invalid(`The path names the connector ${name}, the body another one: leave connector out of the body.`)
  const result = runRequest.safeParse(name === undefined ? value : { ...value, connector: name })
  if (!result.success) throw invalid(result.error.issues.map(describeIssue).join(' '))
  const { connector } = result.data
  if (!isConnectorName(connector))
    throw invalid(`connector: expected a name of letters, digits, _ and -, as in the connectors' directory.`)
  const { from, until } = result.data
  if (from !== undefined && until !== undefined && isAfter(from, until))
    throw invalid('from lies after until: expected from before until.')
  return result.data
}

/** The least of what the platform and the caller allow. */
export function limitBudget(request: RunRequest, seconds: number | undefined): RunRequest {
  const allowed = Math.min(seconds ?? Infinity, request.budget_seconds ?? Infinity)
  return Number.isFinite(allowed) ? { ...request, budget_seconds: allowed } : request
}

function parseObject(body: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (cause) {
    throw invalid('The body is not valid JSON: send an object such as {"connector": "acme"}.', cause)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw invalid('The body is not a JSON object: send one such as {"connector": "acme"}.')
}

type Issue = NonNullable<ReturnType<typeof runRequest.safeParse>['error']>['issues'][number]

function describeIssue(issue: Issue): string {
  if (issue.code === 'unrecognized_keys')
    return issue.keys
      .map((key) => `Unknown key ${JSON.stringify(key)}${suggest(key, known)}: expected ${known.join(', ')}.`)
      .join(' ')
  const place = issue.path.map(String).join('.')
  return `${place === '' ? '' : `${place}: `}${issue.message.replace(/^(Invalid input|Too small|Too big): /, '')}.`
}

const invalid = (message: string, cause?: unknown): SyncError => new SyncError('REQUEST_INVALID', message, { cause })
