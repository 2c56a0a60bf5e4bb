import type { Deployment } from '../deployment.ts'
import { projectFlag } from '../names.ts'
import { gcloud, type Resource } from '../resource.ts'

const always = [
  'artifactregistry',
  'bigquery',
  'cloudbuild',
  'cloudresourcemanager',
  'cloudscheduler',
  'cloudtasks',
  'iam',
  'logging',
  'monitoring',
  'pubsub',
  'run',
  'secretmanager',
].map((name) => `${name}.googleapis.com`)

/** The services of Google that the function and its deployment use; others may too, so that they stay switched on. */
export function listApis(deployment: Deployment): readonly Resource[] {
  const apis = [...always, ...(deployment.staticIp ? ['compute.googleapis.com'] : [])]
  const flag = projectFlag(deployment)
  return [
    {
      title: `APIs of project ${deployment.project}`,
      read: gcloud('services', 'list', '--enabled', flag, '--format=json(config.name)'),
      differences: (current) => {
        const enabled = new Set((current as { config: { name: string } }[]).map(({ config }) => config.name))
        const missing = apis.filter((api) => !enabled.has(api))
        return missing.length > 0 ? [`not switched on: ${missing.join(', ')}`] : []
      },
      create: [gcloud('services', 'enable', ...apis, flag)],
      remove: [],
    },
  ]
}
