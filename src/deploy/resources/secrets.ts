import type { Deployment } from '../deployment.ts'
import { accountsOf, memberOf, projectFlag } from '../names.ts'
import type { NeededSecret } from '../needs.ts'
import { unchanged, gcloud, grantRole, pick, type Resource } from '../resource.ts'

/** What saving a rotated token takes beyond reading: no predefined role below admin has the update that its lease needs. */
const tokenPermissions = [
  'secretmanager.secrets.get',
  'secretmanager.secrets.update',
  'secretmanager.versions.add',
  'secretmanager.versions.destroy',
  'secretmanager.versions.disable',
  'secretmanager.versions.get',
  'secretmanager.versions.list',
] as const

/** The secrets that the connectors name: made empty where they are missing, as their values are a person's to add. */
export function listSecrets(deployment: Deployment): readonly Resource[] {
  const { secrets } = deployment.needs
  const role = secrets.some(({ written }) => written) ? [tokenRole(deployment)] : []
  return [...role, ...secrets.flatMap((secret) => listSecret(deployment, secret))]
}

function listSecret(deployment: Deployment, { name, written }: NeededSecret): readonly Resource[] {
  const flag = projectFlag(deployment)
  const grant = (granted: string): Resource =>
    grantRole({
      on: `secret ${name}`,
      member: memberOf(accountsOf(deployment).run),
      role: granted,
      command: ['secrets', name],
      flags: [flag],
    })
  return [
    {
      title: `secret ${name}`,
      read: gcloud('secrets', 'describe', name, flag, '--format=json'),
      differences: unchanged,
      create: [gcloud('secrets', 'create', name, '--replication-policy=automatic', flag)],
      remove: [gcloud('secrets', 'delete', name, flag, '--quiet')],
      holdsData: true,
    },
    grant('roles/secretmanager.secretAccessor'),
    ...(written ? [grant(`projects/${deployment.project}/roles/${tokenRoleId(deployment)}`)] : []),
  ]
}

const tokenRoleId = ({ service }: Deployment): string => `${service.replaceAll('-', '_')}_tokens`

/** A role that was deleted keeps its name taken for weeks (IAM, "Deleting a custom role"), so that it stays. */
function tokenRole(deployment: Deployment): Resource {
  const id = tokenRoleId(deployment)
  const flag = projectFlag(deployment)
  const permissions = `--permissions=${tokenPermissions.join(',')}`
  return {
    title: `role ${id}`,
    read: gcloud('iam', 'roles', 'describe', id, flag, '--format=json'),
    differences: (current) => {
      const included = new Set((pick(current, 'includedPermissions') ?? []) as readonly string[])
      const missing = tokenPermissions.filter((permission) => !included.has(permission))
      return missing.length > 0 ? [`lacks ${missing.join(', ')}`] : []
    },
    create: [gcloud('iam', 'roles', 'create', id, '--title=Saves rotated tokens', permissions, '--stage=GA', flag)],
    update: [gcloud('iam', 'roles', 'update', id, permissions, flag)],
    remove: [],
  }
}

/** Whether anybody has stored a value yet. */
export const readVersions = (deployment: Pick<Deployment, 'project'>, name: string) =>
  gcloud(
    'secrets',
    'versions',
    'list',
    name,
    '--filter=state=ENABLED',
    '--limit=1',
    projectFlag(deployment),
    '--format=json',
  )
