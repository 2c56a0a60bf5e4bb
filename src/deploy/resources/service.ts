import type { Deployment } from '../deployment.ts'
import { accountsOf, memberOf, networkOf, projectFlag, queueOf, urlOf } from '../names.ts'
import { compareFields, gcloud, grantRole, pick, type Resource } from '../resource.ts'

/** Cloud Run kills a request after this; the budget below is shorter. */
const timeout = 3_600

/** Of one call: Scheduler and Cloud Tasks give up on an attempt after 30 minutes. */
const budget = 1_700

const wanted = { cpu: '1', memory: '512Mi', concurrency: 1, timeout, 'max-instances': 10 } as const

/** The function, private: only the calling account may start it. */
export function listService(deployment: Deployment): readonly Resource[] {
  const { service, region, sourceHash } = deployment
  const flags = [`--region=${region}`, projectFlag(deployment)]
  const { run, build, call } = accountsOf(deployment)
  const env = variablesOf(deployment)
  const deploy = gcloud(
    'run',
    'deploy',
    service,
    '--source=.',
    '--function=headrace',
    '--base-image=nodejs24',
    ...flags,
    '--no-allow-unauthenticated',
    `--service-account=${run}`,
    `--build-service-account=projects/${deployment.project}/serviceAccounts/${build}`,
    ...Object.entries(wanted).map(([name, value]) => `--${name}=${value}`),
    '--cpu-boost',
    ...(deployment.staticIp
      ? [`--network=${networkOf(deployment)}`, `--subnet=${networkOf(deployment)}`, '--vpc-egress=all-traffic']
      : ['--clear-network']),
    '--ingress=all',
    `--update-env-vars=${formatVariables(env)}`,
    `--labels=headrace-source=${sourceHash}`,
    '--quiet',
  )
  return [
    {
      title: `service ${service}`,
      read: gcloud('run', 'services', 'describe', service, ...flags, '--format=json'),
      differences: (current) =>
        compareService(current, {
          account: run,
          env,
          sourceHash,
          egress: deployment.staticIp ? 'all-traffic' : 'none',
        }),
      create: [deploy],
      remove: [gcloud('run', 'services', 'delete', service, ...flags, '--quiet')],
    },
    grantRole({
      on: `service ${service}`,
      member: memberOf(call),
      role: 'roles/run.invoker',
      command: ['run', 'services', service],
      flags,
      // With `verify` the function checks every caller itself, and people may come to its door to sign in.
      isPrivate: env['HEADRACE_INBOUND'] === 'iam',
    }),
  ]
}

function variablesOf(deployment: Deployment): Readonly<Record<string, string>> {
  const { project, location, connectors } = deployment
  return {
    GOOGLE_CLOUD_PROJECT: project,
    HEADRACE_BUDGET_SECONDS: String(budget),
    HEADRACE_CONNECTORS: connectors,
    HEADRACE_DESTINATION: `bigquery:${project}?location=${location}`,
    HEADRACE_INBOUND: 'iam',
    HEADRACE_QUEUE: queueOf(deployment),
    HEADRACE_TASKS_ACCOUNT: accountsOf(deployment).call,
    HEADRACE_URL: urlOf(deployment),
    ...deployment.env,
  }
}

/** `^@@^A=1@@B=2`: a delimiter of our own, as values may hold commas (gcloud topic escaping). */
const formatVariables = (env: Readonly<Record<string, string>>): string =>
  `^@@^${Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .join('@@')}`

interface Wanted {
  readonly account: string
  readonly env: Readonly<Record<string, string>>
  readonly sourceHash: string
  /** What leaves by the network of the static address. */
  readonly egress: string
}

/** Against what `gcloud run services describe` shows (Cloud Run Admin API v1, Service). */
function compareService(current: unknown, { account, env, sourceHash, egress }: Wanted): readonly string[] {
  const template = pick(current, 'spec', 'template')
  const container = pick(template, 'spec', 'containers', 0)
  const variables = (pick(container, 'env') ?? []) as readonly { readonly name: string; readonly value?: string }[]
  const settings = compareFields(
    {
      cpu: pick(container, 'resources', 'limits', 'cpu'),
      memory: pick(container, 'resources', 'limits', 'memory'),
      concurrency: pick(template, 'spec', 'containerConcurrency'),
      timeout: pick(template, 'spec', 'timeoutSeconds'),
      'max-instances': pick(template, 'metadata', 'annotations', 'autoscaling.knative.dev/maxScale'),
      'service account': pick(template, 'spec', 'serviceAccountName'),
      egress: pick(template, 'metadata', 'annotations', 'run.googleapis.com/vpc-access-egress') ?? 'none',
    },
    { ...wanted, 'service account': account, egress },
  )
  const values = Object.fromEntries(variables.map(({ name, value }) => [name, value]))
  const source = pick(current, 'metadata', 'labels', 'headrace-source')
  return [...(source === sourceHash ? [] : ['other source files']), ...settings, ...compareFields(values, env)]
}
