import type { Deployment } from '../deployment.ts'
import { projectFlag } from '../names.ts'
import { compareFields, gcloud, pick, type Resource } from '../resource.ts'
import { watchJob } from './schedules.ts'

/** A log-based metric that counts what went wrong, and a policy that tells a person of it. */
export function listAlerts(deployment: Deployment): readonly Resource[] {
  const { alertChannel } = deployment
  return [
    metric(deployment),
    ...(alertChannel === undefined ? [] : [watchJob(deployment), policy(deployment, alertChannel)]),
  ]
}

const metricName = ({ service }: Deployment): string => `${service}-failed-runs`

/** A failed run leaves a log line of this severity, and so does a look at the status that finds a stream late or without rows. */
function metric(deployment: Deployment): Resource {
  const { service } = deployment
  const name = metricName(deployment)
  const flag = projectFlag(deployment)
  const filter = `resource.type="cloud_run_revision" AND resource.labels.service_name="${service}" AND severity>=ERROR`
  const settings = ['--description=Failed, late and empty runs', `--log-filter=${filter}`, flag]
  return {
    title: `log-based metric ${name}`,
    read: gcloud('logging', 'metrics', 'describe', name, flag, '--format=json'),
    differences: (current) => compareFields({ filter: pick(current, 'filter') }, { filter }),
    create: [gcloud('logging', 'metrics', 'create', name, ...settings)],
    update: [gcloud('logging', 'metrics', 'update', name, ...settings)],
    remove: [gcloud('logging', 'metrics', 'delete', name, flag, '--quiet')],
  }
}

/** Tells the channel of the first of them, and again after a day of silence. */
function policy(deployment: Deployment, channel: string): Resource {
  const { service } = deployment
  const flag = projectFlag(deployment)
  const displayName = `${service}: a run failed, came late or brought nothing`
  const definition = {
    displayName,
    combiner: 'OR',
    conditions: [
      {
        displayName,
        conditionThreshold: {
          filter: `resource.type="cloud_run_revision" AND metric.type="logging.googleapis.com/user/${metricName(deployment)}"`,
          comparison: 'COMPARISON_GT',
          thresholdValue: 0,
          duration: '0s',
          aggregations: [{ alignmentPeriod: '300s', perSeriesAligner: 'ALIGN_DELTA' }],
        },
      },
    ],
    alertStrategy: { autoClose: '86400s' },
    documentation: { content: `Open the status page of ${service}: it says what went wrong and what to do.` },
  }
  const settings = [`--policy=${JSON.stringify(definition)}`, `--notification-channels=${channel}`, flag]
  const policies = (verb: string, ...more: readonly string[]) =>
    gcloud('alpha', 'monitoring', 'policies', verb, ...more)
  const nameOf = (current: unknown): string => String(pick(current, 0, 'name'))
  return {
    title: `alert policy "${displayName}"`,
    // A list succeeds with nothing where it is missing.
    read: policies('list', `--filter=displayName="${displayName}"`, flag, '--format=json'),
    isMissing: (current) => pick(current, 0) === undefined,
    differences: (current) => {
      const channels = (pick(current, 0, 'notificationChannels') ?? []) as readonly string[]
      return channels.includes(channel) ? [] : [`does not tell ${channel}`]
    },
    create: [policies('create', ...settings)],
    update: (current) => [policies('update', nameOf(current), `--set-notification-channels=${channel}`, flag)],
    remove: (current) => [policies('delete', nameOf(current), flag, '--quiet')],
  }
}
