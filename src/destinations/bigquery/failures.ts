import { SyncError } from '../../base/errors.ts'
import { isPassing, ServiceError } from './service-error.ts'
import type { Warehouse } from './warehouse.ts'

/** Converts what was thrown; `where` names the table or the deed in plain words. */
export async function toFailure(warehouse: Warehouse, thrown: unknown, where: string): Promise<unknown> {
  if (!(thrown instanceof ServiceError)) return thrown
  const { client } = warehouse
  const message = withoutValues(thrown.message)
  const project = `project ${client.project}`
  switch (thrown.reason) {
    case 'accessDenied':
      return new SyncError('DESTINATION_FORBIDDEN', await missingRole(warehouse, message))
    case 'accessNotConfigured':
    case 'SERVICE_DISABLED': {
      const command = `gcloud services enable bigquery.googleapis.com --project=${client.project}`
      return new SyncError('DESTINATION_FORBIDDEN', `The BigQuery API is not enabled in ${project}: run ${command}`)
    }
    case 'billingNotEnabled':
      return new SyncError(
        'DESTINATION_FORBIDDEN',
        `${project} has no billing account, without which BigQuery takes no DML: link one (${message}).`,
      )
    case 'quotaExceeded':
      return new SyncError(
        'DESTINATION_UNAVAILABLE',
        `A quota of BigQuery is used up for ${where} (${message}); what was committed is kept, and a run after the quota has refilled goes on from there.`,
      )
    case 'bytesBilledLimitExceeded':
      return new SyncError(
        'DESTINATION_FAILED',
        `BigQuery would bill more for ${where} than maximum_bytes_billed allows, so nothing was written (${message}); raise the limit in the destination.`,
      )
    case 'stuck':
    case 'elsewhere':
      return new SyncError(
        'DESTINATION_UNAVAILABLE',
        `BigQuery does not end ${where}: ${message}; whether it took effect is told by _headrace_commits, which the next run reads.`,
      )
  }
  if (isPassing(thrown)) {
    return new SyncError(
      'DESTINATION_UNAVAILABLE',
      `BigQuery did not answer for ${where} (${thrown.status === 0 ? message : `${thrown.reason}: ${message}`}), however often it was asked; what was committed is kept, and the next run goes on from there.`,
    )
  }
  if (thrown.status === 401) {
    return new SyncError(
      'DESTINATION_FORBIDDEN',
      'BigQuery refuses the credentials of this process: run gcloud auth application-default login, or see that the service account is enabled.',
    )
  }
  if (thrown.status === 403) return new SyncError('DESTINATION_FORBIDDEN', await missingRole(warehouse, message))
  return new SyncError('DESTINATION_FAILED', `BigQuery refused ${where} (${thrown.reason}): ${message}`)
}

/** BigQuery quotes values in its words, and rows must not reach a log. Names in backticks and job ids stay. */
function withoutValues(text: string): string {
  const [line = ''] = text.split('\n', 1)
  return line.replaceAll(/'[^']*'?|"[^"]*"?|[{[].*/g, '...').slice(0, 400)
}

interface Role {
  readonly name: string
  readonly on: 'project' | 'dataset'
  readonly what: string
}

const jobUser: Role = { name: 'roles/bigquery.jobUser', on: 'project', what: 'run jobs' }
const dataEditor: Role = { name: 'roles/bigquery.dataEditor', on: 'dataset', what: 'write to the dataset' }

/** The least role that holds each permission that a run asks for (https://cloud.google.com/bigquery/docs/access-control). */
const roles: readonly (readonly [permission: RegExp, role: Role])[] = [
  [/bigquery\.jobs\./, jobUser],
  [/bigquery\.datasets\.create/, { name: 'roles/bigquery.user', on: 'project', what: 'create the dataset' }],
]

/** One sentence that says which role is missing, and the one command that grants it. `message` is the service's own. */
async function missingRole(warehouse: Warehouse, message: string): Promise<string> {
  const { client, dataset } = warehouse
  const role = roles.find(([permission]) => permission.test(message))?.[1] ?? dataEditor
  const member = await client.member()
  const where = role.on === 'project' ? `project ${client.project}` : `dataset ${client.project}.${dataset}`
  // One condition for the dataset and the one for staging, whose name begins the same.
  const condition =
    role.on === 'project'
      ? 'None'
      : `'title=headrace_${dataset},expression=resource.name.startsWith("projects/${client.project}/datasets/${dataset}")'`
  const command = `gcloud projects add-iam-policy-binding ${client.project} --member=${member} --role=${role.name} --condition=${condition}`
  return `BigQuery does not let ${member} ${role.what}: the role ${role.name} is missing on ${where}; run ${command} (BigQuery said: ${message})`
}
