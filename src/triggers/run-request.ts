import { isConnectorName } from '../connector/find.ts'
import { SyncError } from '../base/errors.ts'
import type { RunRequest } from '../destinations/run-request.ts'
import { checkRunRequest } from '../run/check-run-request.ts'

const longestName = 200

/**
 * What a trigger asks for. `name` is the connector of `POST /run/NAME`, beside which the body may be empty. Throws
 * `REQUEST_INVALID`; a connector is named, never given as a path.
 */
export function parseRunRequest(body: string, name?: string): RunRequest {
  return toRunRequest(body.trim() === '' ? {} : parse(body), name)
}

/** The same of a body that is parsed already. */
export function toRunRequest(body: unknown, name?: string): RunRequest {
  const value = toObject(body)
  if (name !== undefined && value['connector'] !== undefined && value['connector'] !== name)
    throw invalid(
      `The path names the connector ${name.slice(0, longestName)}, the body another one: leave connector out of the body.`,
    )
  const request = checkRunRequest(name === undefined ? value : { ...value, connector: name })
  const { connector } = request
  if (connector.length > longestName || !isConnectorName(connector))
    throw invalid(`connector: expected a name of letters, digits, _ and -, as in the connectors' directory.`)
  return request
}

/** The least of what the platform and the caller allow. */
export function limitBudget(request: RunRequest, seconds: number | undefined): RunRequest {
  const allowed = Math.min(seconds ?? Infinity, request.budget_seconds ?? Infinity)
  return Number.isFinite(allowed) ? { ...request, budget_seconds: allowed } : request
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (cause) {
    throw invalid('The body is not valid JSON: send an object such as {"connector": "acme"}.', cause)
  }
}

function toObject(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw invalid('The body is not a JSON object: send one such as {"connector": "acme"}.')
}

const invalid = (message: string, cause?: unknown): SyncError => new SyncError('REQUEST_INVALID', message, { cause })
