import type { Deployment } from '../deployment.ts'
import { stagingDataset } from '../../schema/system-columns.ts'
import { accountsOf } from '../names.ts'
import { bq, pick, type Resource } from '../resource.ts'

/** Days that a batch stays which a killed run has left in staging. */
const stagingDays = 1

/** A dataset for each connector, which the function may write and nobody else's. `bq`, as gcloud has no command for it. */
export function listDatasets(deployment: Deployment): readonly Resource[] {
  return deployment.needs.datasets.flatMap((dataset) => [
    { ...listDataset(deployment, dataset), holdsData: true as const },
    listDataset(deployment, stagingDataset(dataset), [`--default_table_expiration=${stagingDays * 86_400}`]),
  ])
}

function listDataset(deployment: Deployment, dataset: string, settings: readonly string[] = []): Resource {
  const { project, location } = deployment
  const { run } = accountsOf(deployment)
  const name = `${project}:${dataset}`
  const flags = [`--project_id=${project}`, `--location=${location}`]
  // On a dataset BigQuery grants by SQL; granting twice is as granting once.
  const grant = bq(
    ...flags,
    'query',
    '--use_legacy_sql=false',
    `GRANT \`roles/bigquery.dataEditor\` ON SCHEMA \`${project}\`.\`${dataset}\` TO "serviceAccount:${run}"`,
  )
  return {
    title: `dataset ${dataset} in ${location}`,
    read: bq(`--project_id=${project}`, '--format=json', 'show', '--dataset', name),
    differences: (current) => [...compareLocation(current, location), ...compareAccess(current, run)],
    create: [bq(...flags, 'mk', '--dataset', '--description=Written by headrace', ...settings, name), grant],
    update: [grant],
    remove: [bq(`--project_id=${project}`, 'rm', '--recursive', '--force', '--dataset', name)],
  }
}

/** A dataset cannot move; the function says so too, and this says it before anything runs. */
function compareLocation(current: unknown, location: string): readonly string[] {
  const now = pick(current, 'location')
  return String(now).toLowerCase() === location.toLowerCase()
    ? []
    : [`lies in ${String(now)} and cannot move to ${location}: deploy with --location ${String(now)}`]
}

/** The API shows roles/bigquery.dataEditor as WRITER (BigQuery API reference, Dataset.access). */
function compareAccess(current: unknown, account: string): readonly string[] {
  const access = (pick(current, 'access') ?? []) as readonly { readonly role?: string; readonly userByEmail?: string }[]
  const granted = access.some(
    ({ role, userByEmail }) => userByEmail === account && (role === 'WRITER' || role === 'roles/bigquery.dataEditor'),
  )
  return granted ? [] : [`${account.split('@', 1)[0]} may not write`]
}
