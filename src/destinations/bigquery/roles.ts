import type { Warehouse } from './warehouse.ts'

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
export async function missingRole(warehouse: Warehouse, message: string): Promise<string> {
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
