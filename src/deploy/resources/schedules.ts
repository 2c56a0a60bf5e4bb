import type { Deployment } from '../deployment.ts'
import { accountsOf, projectFlag, urlOf } from '../names.ts'
import type { Schedule } from '../needs.ts'
import { compareFields, gcloud, pick, type Resource } from '../resource.ts'

/** Of one attempt, in seconds: the longest that Scheduler waits. */
const deadline = 1_800

/** The service's own jobs bear this before the connector's name. */
export const jobName = ({ service }: Pick<Deployment, 'service'>, connector: string): string =>
  `${service}-${connector}`

/** A job of Cloud Scheduler for each connector that says when it is to run. */
export function listSchedules(deployment: Deployment): readonly Resource[] {
  return deployment.needs.schedules.map((schedule) => scheduleJob(deployment, schedule))
}

function scheduleJob(deployment: Deployment, { connector, cron, timeZone }: Schedule): Resource {
  const uri = `${urlOf(deployment)}/run/${connector}`
  return callJob(deployment, { name: jobName(deployment, connector), cron, timeZone, uri, method: 'post' })
}

/** Asks for the status now and then, so that a stream whose runs do not even begin leaves a line in the log. */
export function watchJob(deployment: Deployment): Resource {
  // No connector's name begins with a hyphen.
  const name = jobName(deployment, '-watch')
  const uri = `${urlOf(deployment)}/status.json`
  return callJob(deployment, { name, cron: '20 * * * *', timeZone: 'Etc/UTC', uri, method: 'get' })
}

interface Call {
  readonly name: string
  readonly cron: string
  readonly timeZone: string
  readonly uri: string
  readonly method: 'get' | 'post'
}

function callJob(deployment: Deployment, { name, cron, timeZone, uri, method }: Call): Resource {
  const url = urlOf(deployment)
  const account = accountsOf(deployment).call
  const flags = [`--location=${deployment.region}`, projectFlag(deployment)]
  const settings = [
    `--schedule=${cron}`,
    `--time-zone=${timeZone}`,
    `--uri=${uri}`,
    `--http-method=${method}`,
    ...(method === 'post' ? ['--message-body={}'] : []),
    `--oidc-service-account-email=${account}`,
    `--oidc-token-audience=${url}`,
    `--attempt-deadline=${deadline}s`,
    '--max-retry-attempts=3',
    '--min-backoff=30s',
    '--max-backoff=600s',
  ]
  const type = (flag: string): readonly string[] => (method === 'post' ? [`${flag}=Content-Type=application/json`] : [])
  const job = (...verb: readonly string[]) => gcloud('scheduler', 'jobs', ...verb, name, ...flags)
  const add = (command: ReturnType<typeof job>, ...more: readonly string[]) =>
    gcloud(...command.args, ...settings, ...more)
  return {
    title: `schedule ${name} (${cron}, ${timeZone})`,
    read: gcloud(...job('describe').args, '--format=json'),
    differences: (current) =>
      compareFields(
        {
          schedule: pick(current, 'schedule'),
          'time zone': pick(current, 'timeZone'),
          uri: pick(current, 'httpTarget', 'uri'),
          caller: pick(current, 'httpTarget', 'oidcToken', 'serviceAccountEmail'),
          audience: pick(current, 'httpTarget', 'oidcToken', 'audience'),
          deadline: pick(current, 'attemptDeadline'),
        },
        { schedule: cron, 'time zone': timeZone, uri, caller: account, audience: url, deadline: `${deadline}s` },
      ),
    create: [add(job('create', 'http'), ...type('--headers'))],
    update: [add(job('update', 'http'), ...type('--update-headers'))],
    remove: [gcloud(...job('delete').args, '--quiet')],
  }
}

/** Jobs of connectors that are gone, or have no schedule any more. */
export function staleSchedules(
  deployment: Deployment,
  jobs: unknown,
): readonly { name: string; remove: readonly string[] }[] {
  const wanted = new Set(deployment.needs.schedules.map(({ connector }) => jobName(deployment, connector)))
  const url = urlOf(deployment)
  return (jobs as readonly { readonly name: string; readonly httpTarget?: { readonly uri?: string } }[]).flatMap(
    (job) => {
      const name = job.name.split('/').at(-1) as string
      // Whoever calls this service by a job of another name made it by hand.
      if (
        !name.startsWith(`${deployment.service}-`) ||
        !job.httpTarget?.uri?.startsWith(`${url}/run/`) ||
        wanted.has(name)
      )
        return []
      return [
        {
          name,
          remove: [
            'scheduler',
            'jobs',
            'delete',
            name,
            `--location=${deployment.region}`,
            projectFlag(deployment),
            '--quiet',
          ],
        },
      ]
    },
  )
}
