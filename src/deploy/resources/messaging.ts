import type { Deployment } from '../deployment.ts'
import { accountsOf, memberOf, projectFlag, urlOf } from '../names.ts'
import { unchanged, compareFields, gcloud, grantRole, pick, type Resource } from '../resource.ts'

/** So many deliveries of a message that is not acknowledged, then it goes to the dead-letter topic. */
const attempts = 5

/** A topic whose messages start runs, and one for those that nobody could process. */
export function listMessaging(deployment: Deployment): readonly Resource[] {
  const { service, project, projectNumber } = deployment
  const flag = projectFlag(deployment)
  const dead = `${service}-dead`
  const google = memberOf(`service-${projectNumber}@gcp-sa-pubsub.iam.gserviceaccount.com`)
  return [
    topic(service, flag),
    topic(dead, flag),
    subscription(deployment, dead),
    {
      title: `subscription ${dead}, which keeps what went there`,
      read: gcloud('pubsub', 'subscriptions', 'describe', dead, flag, '--format=json'),
      differences: unchanged,
      create: [
        gcloud(
          'pubsub',
          'subscriptions',
          'create',
          dead,
          `--topic=${dead}`,
          '--message-retention-duration=14d',
          '--expiration-period=never',
          flag,
        ),
      ],
      remove: [gcloud('pubsub', 'subscriptions', 'delete', dead, flag)],
    },
    // Pub/Sub itself forwards the dead letters (Pub/Sub, "Grant forwarding permissions").
    grantRole({
      on: `topic ${dead}`,
      member: google,
      role: 'roles/pubsub.publisher',
      command: ['pubsub', 'topics', dead],
      flags: [flag],
    }),
    grantRole({
      on: `subscription ${service} of ${project}`,
      member: google,
      role: 'roles/pubsub.subscriber',
      command: ['pubsub', 'subscriptions', service],
      flags: [flag],
    }),
  ]
}

function topic(name: string, flag: string): Resource {
  return {
    title: `topic ${name}`,
    read: gcloud('pubsub', 'topics', 'describe', name, flag, '--format=json'),
    differences: unchanged,
    create: [gcloud('pubsub', 'topics', 'create', name, flag)],
    remove: [gcloud('pubsub', 'topics', 'delete', name, flag)],
  }
}

function subscription(deployment: Deployment, dead: string): Resource {
  const { service, project } = deployment
  const flag = projectFlag(deployment)
  const url = urlOf(deployment)
  const account = accountsOf(deployment).call
  const settings = [
    `--push-endpoint=${url}/`,
    `--push-auth-service-account=${account}`,
    `--push-auth-token-audience=${url}`,
    '--ack-deadline=600',
    `--dead-letter-topic=${dead}`,
    `--max-delivery-attempts=${attempts}`,
    '--min-retry-delay=10s',
    '--max-retry-delay=600s',
    '--expiration-period=never',
    flag,
  ]
  const command = (verb: string, ...more: readonly string[]) =>
    gcloud('pubsub', 'subscriptions', verb, service, ...more)
  return {
    title: `push subscription ${service}`,
    read: command('describe', flag, '--format=json'),
    differences: (current) =>
      compareFields(
        {
          endpoint: pick(current, 'pushConfig', 'pushEndpoint'),
          caller: pick(current, 'pushConfig', 'oidcToken', 'serviceAccountEmail'),
          audience: pick(current, 'pushConfig', 'oidcToken', 'audience'),
          'ack deadline': pick(current, 'ackDeadlineSeconds'),
          'dead letters': pick(current, 'deadLetterPolicy', 'deadLetterTopic'),
          attempts: pick(current, 'deadLetterPolicy', 'maxDeliveryAttempts'),
        },
        {
          endpoint: `${url}/`,
          caller: account,
          audience: url,
          'ack deadline': 600,
          'dead letters': `projects/${project}/topics/${dead}`,
          attempts,
        },
      ),
    create: [command('create', `--topic=${service}`, ...settings)],
    update: [command('update', ...settings)],
    remove: [command('delete', flag)],
  }
}
