import { suggest } from '../base/nearest.ts'
import { SyncError } from '../base/errors.ts'
import { type RunRequest, runRequest } from '../destinations/run-request.ts'
import { isAfter } from '../syntax/moments/compare.ts'

const known = Object.keys(runRequest.shape)

/** A body of 1 MiB may be wrong in a hundred thousand places. */
const maxShown = 3

/**
 * A run request as a trigger, a command line or a program gives it.
 *
 * @throws {SyncError} `REQUEST_INVALID`, with what is wrong in one line.
 */
export function checkRunRequest(value: unknown): RunRequest {
  const result = runRequest.safeParse(value)
  if (!result.success) throw invalid(result.error.issues.slice(0, maxShown).map(describeIssue).join(' '))
  const { from, until } = result.data
  if (from !== undefined && until !== undefined && isAfter(from, until))
    throw invalid('from lies after until: expected from before until.')
  return result.data
}

type Issue = NonNullable<ReturnType<typeof runRequest.safeParse>['error']>['issues'][number]

function describeIssue(issue: Issue): string {
  if (issue.code === 'unrecognized_keys')
    return issue.keys
      .slice(0, maxShown)
      .map((key) => key.slice(0, 60))
      .map((key) => `Unknown key ${JSON.stringify(key)}${suggest(key, known)}: expected ${known.join(', ')}.`)
      .join(' ')
  const place = issue.path.map(String).join('.')
  return `${place === '' ? '' : `${place}: `}${issue.message.replace(/^(Invalid input|Too small|Too big): /, '')}.`
}

const invalid = (message: string): SyncError => new SyncError('REQUEST_INVALID', message)
