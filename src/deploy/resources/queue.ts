import type { Deployment } from '../deployment.ts'
import { accountsOf, memberOf, projectFlag } from '../names.ts'
import { compareFields, gcloud, grantRole, pick, type Resource } from '../resource.ts'

const limits = {
  'max-concurrent-dispatches': '10',
  'max-attempts': '20',
  'min-backoff': '10s',
  'max-backoff': '600s',
  'max-doublings': '5',
} as const

/**
 * The queue on which a run that stops at its budget hands over. A queue that was deleted keeps its name taken for days
 * (Cloud Tasks, "Delete a queue"), so that it is emptied and paused instead.
 */
export function listQueue(deployment: Deployment): readonly Resource[] {
  const { service, region } = deployment
  const flags = [`--location=${region}`, projectFlag(deployment)]
  const settings = Object.entries(limits).map(([name, value]) => `--${name}=${value}`)
  const queue = (verb: string, ...more: readonly string[]) =>
    gcloud('tasks', 'queues', verb, service, ...flags, ...more)
  return [
    {
      title: `queue ${service}`,
      read: queue('describe', '--format=json'),
      differences: (current) =>
        compareFields(
          {
            state: pick(current, 'state'),
            'max-concurrent-dispatches': pick(current, 'rateLimits', 'maxConcurrentDispatches'),
            'max-attempts': pick(current, 'retryConfig', 'maxAttempts'),
            'min-backoff': pick(current, 'retryConfig', 'minBackoff'),
            'max-backoff': pick(current, 'retryConfig', 'maxBackoff'),
            'max-doublings': pick(current, 'retryConfig', 'maxDoublings'),
          },
          { state: 'RUNNING', ...limits },
        ),
      create: [queue('create', ...settings)],
      update: [queue('update', ...settings), queue('resume', '--quiet')],
      remove: [queue('purge', '--quiet'), queue('pause', '--quiet')],
    },
    grantRole({
      on: `queue ${service}`,
      member: memberOf(accountsOf(deployment).run),
      role: 'roles/cloudtasks.enqueuer',
      command: ['tasks', 'queues', service],
      flags,
    }),
  ]
}
