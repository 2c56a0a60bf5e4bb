import type { Deployment } from '../deployment.ts'
import { accountsOf, memberOf, projectFlag } from '../names.ts'
import { unchanged, gcloud, grantRole, type Resource } from '../resource.ts'

/** Three service accounts, each with the least that it needs; what is granted on single things stands with those. */
export function listAccounts(deployment: Deployment): readonly Resource[] {
  const { service, project } = deployment
  const flag = projectFlag(deployment)
  const { run, build, call } = accountsOf(deployment)
  const account = (email: string, what: string): Resource => ({
    title: `service account ${email.split('@', 1)[0]}`,
    read: gcloud('iam', 'service-accounts', 'describe', email, flag, '--format=json'),
    differences: unchanged,
    create: [
      gcloud(
        'iam',
        'service-accounts',
        'create',
        email.split('@', 1)[0] as string,
        `--display-name=${service}: ${what}`,
        flag,
      ),
    ],
    remove: [gcloud('iam', 'service-accounts', 'delete', email, flag, '--quiet')],
  })
  const onProject = (email: string, role: string): Resource =>
    grantRole({
      on: `project ${project}`,
      member: memberOf(email),
      role,
      command: ['projects', project],
      flags: [],
      mayHaveConditions: true,
    })
  return [
    account(run, 'runs the function'),
    account(build, 'builds the function'),
    account(call, 'calls the function'),
    onProject(run, 'roles/bigquery.jobUser'),
    onProject(build, 'roles/run.builder'),
    grantRole({
      on: `service account ${call.split('@', 1)[0]}`,
      member: memberOf(run),
      role: 'roles/iam.serviceAccountUser',
      command: ['iam', 'service-accounts', call],
      flags: [flag],
    }),
  ]
}
