/**
 * Stands in for `gcloud` and `bq`: keeps what it is told to make in a JSON file, shows it in the shapes of the real
 * commands, refuses what they would refuse (twice the same, none of that name), and notes each call.
 *   node fake-gcloud.ts STATE PROGRAM ARGS...
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

interface Binding {
  readonly role: string
  readonly members: string[]
}

export interface FakeProject {
  readonly calls: string[][]
  readonly apis: string[]
  /** `secrets/acme-token`: its state, as `describe` shows it. */
  readonly things: Record<string, Record<string, unknown>>
  readonly policies: Record<string, Binding[]>
}

class Refusal extends Error {}

function refuse(code: string, message: string): never {
  throw new Refusal(`ERROR: (gcloud.fake) ${code}: ${message}`)
}

const [statePath = '', program = '', ...args] = process.argv.slice(2)
const project = JSON.parse(readFileSync(statePath, 'utf8')) as FakeProject
const words = args.filter((arg) => !arg.startsWith('--'))
const flags = new Map(
  args.filter((arg) => arg.startsWith('--')).map((arg) => [arg.slice(2).split('=', 1)[0], arg.replace(/^[^=]*=?/, '')]),
)
const flag = (name: string): string => flags.get(name) ?? ''

// Looking changes nothing, and what looks at the same time must not undo what another noted.
const looks = /^(describe|list|get-iam-policy|show|list-files-for-upload)$/
try {
  const output = program === 'bq' ? runBq() : runGcloud()
  if (output !== undefined) process.stdout.write(typeof output === 'string' ? output : `${JSON.stringify(output)}\n`)
} catch (thrown) {
  if (!(thrown instanceof Refusal)) throw thrown
  process.stderr.write(`${thrown.message}\n`)
  process.exitCode = 1
}
if (!words.some((word) => looks.test(word))) {
  project.calls.push([program, ...args])
  writeFileSync(statePath, JSON.stringify(project))
}

function runGcloud(): unknown {
  const line = words.join(' ')
  if (line.startsWith('meta list-files-for-upload ')) return listFiles(words[2] as string)
  if (line.startsWith('projects describe ')) return { projectNumber: '123456789012' }
  if (line === 'services list') return project.apis.map((name) => ({ config: { name } }))
  if (line.startsWith('services enable ')) return void project.apis.push(...words.slice(2))
  if (line.startsWith('secrets versions list ')) return find(`secrets/${words[3]}`)['versions'] ?? []
  if (line.startsWith('run deploy ')) return deployService(`run/services/${words[2]}`)
  const at = words.findIndex((word) =>
    /^(describe|create|update|delete|list|pause|resume|purge|\w+-iam-policy(-binding)?)$/.test(word),
  )
  const kind = words.slice(0, at).join('/')
  const verb = words[at] as string
  const rest = words.slice(at + 1).filter((word) => word !== 'http')
  if (kind.endsWith('monitoring/policies')) return runAlertPolicy(verb, rest[0])
  return runVerb(verb, kind, rest[0] as string)
}

function runVerb(verb: string, kind: string, name: string): unknown {
  const key = `${kind}/${kind === 'iam/service-accounts' ? name.split('@', 1)[0] : name}`
  switch (verb) {
    case 'describe':
      return find(key)
    case 'list':
      return Object.entries(project.things).flatMap(([at, thing]) => (at.startsWith(`${kind}/`) ? [thing] : []))
    case 'create':
      if (project.things[key]) refuse('ALREADY_EXISTS', `${key} exists already`)
      return void (project.things[key] = describeThing(kind, name))
    case 'update':
      return void Object.assign(find(key), describeThing(kind, name))
    case 'delete':
      find(key)
      delete project.policies[key]
      return void delete project.things[key]
    case 'pause':
    case 'resume':
      return void Object.assign(find(key), { state: verb === 'pause' ? 'PAUSED' : 'RUNNING' })
    case 'purge':
      return void find(key)
    case 'get-iam-policy':
      if (kind !== 'projects') find(key)
      return { bindings: project.policies[key] ?? [] }
    case 'add-iam-policy-binding':
      if (kind !== 'projects') find(key)
      return void (project.policies[key] ??= []).push({ role: flag('role'), members: [flag('member')] })
    case 'remove-iam-policy-binding':
      return void (project.policies[key] = (project.policies[key] ?? []).filter(
        ({ role, members }) => role !== flag('role') || !members.includes(flag('member')),
      ))
    default:
      return refuse('INVALID', `no verb ${verb}`)
  }
}

function find(key: string): Record<string, unknown> {
  return project.things[key] ?? refuse('NOT_FOUND', `${key} was not found`)
}

function describeThing(kind: string, name: string): Record<string, unknown> {
  switch (kind) {
    case 'tasks/queues':
      return {
        state: 'RUNNING',
        rateLimits: { maxConcurrentDispatches: Number(flag('max-concurrent-dispatches')) },
        retryConfig: {
          maxAttempts: Number(flag('max-attempts')),
          minBackoff: flag('min-backoff'),
          maxBackoff: flag('max-backoff'),
          maxDoublings: Number(flag('max-doublings')),
        },
      }
    case 'scheduler/jobs':
      return {
        name: `projects/p/locations/r/jobs/${name}`,
        schedule: flag('schedule'),
        timeZone: flag('time-zone'),
        attemptDeadline: flag('attempt-deadline'),
        httpTarget: {
          uri: flag('uri'),
          oidcToken: { serviceAccountEmail: flag('oidc-service-account-email'), audience: flag('oidc-token-audience') },
        },
      }
    case 'pubsub/subscriptions':
      return {
        ackDeadlineSeconds: Number(flag('ack-deadline')),
        pushConfig: {
          pushEndpoint: flag('push-endpoint'),
          oidcToken: {
            serviceAccountEmail: flag('push-auth-service-account'),
            audience: flag('push-auth-token-audience'),
          },
        },
        deadLetterPolicy: {
          deadLetterTopic: `projects/${flag('project')}/topics/${flag('dead-letter-topic')}`,
          maxDeliveryAttempts: Number(flag('max-delivery-attempts')),
        },
      }
    case 'compute/networks/subnets':
      return { privateIpGoogleAccess: flags.has('enable-private-ip-google-access') }
    case 'logging/metrics':
      return { filter: flag('log-filter') }
    case 'iam/roles':
      return { includedPermissions: flag('permissions').split(',') }
    default:
      return { name }
  }
}

function deployService(key: string): void {
  const before = project.things[key] as
    | { spec?: { template: { spec: { containers: { env: object[] }[] } } } }
    | undefined
  const [, delimiter = ',', list = ''] = /^\^(.+?)\^(.*)$/s.exec(flag('update-env-vars')) ?? []
  const env = list.split(delimiter).map((pair) => ({ name: pair.split('=', 1)[0], value: pair.replace(/^[^=]*=/, '') }))
  const [label = '', value = ''] = flag('labels').split('=')
  const kept = (before?.spec?.template.spec.containers[0]?.env ?? []) as { name: string }[]
  project.things[key] = {
    metadata: { labels: { [label]: value } },
    spec: {
      template: {
        metadata: {
          annotations: {
            'autoscaling.knative.dev/maxScale': flag('max-instances'),
            ...(flags.has('vpc-egress') && { 'run.googleapis.com/vpc-access-egress': flag('vpc-egress') }),
          },
        },
        spec: {
          serviceAccountName: flag('service-account'),
          timeoutSeconds: Number(flag('timeout')),
          containerConcurrency: Number(flag('concurrency')),
          containers: [
            {
              env: [...kept.filter(({ name }) => !env.some((own) => own.name === name)), ...env],
              resources: { limits: { cpu: flag('cpu'), memory: flag('memory') } },
            },
          ],
        },
      },
    },
  }
}

function runAlertPolicy(verb: string, name: string | undefined): unknown {
  const prefix = 'alert/'
  const all = Object.entries(project.things).filter(([key]) => key.startsWith(prefix))
  switch (verb) {
    case 'list':
      return all.map(([, thing]) => thing)
    case 'create': {
      const own = `projects/p/alertPolicies/${all.length + 1}`
      return void (project.things[prefix + own] = { name: own, notificationChannels: [flag('notification-channels')] })
    }
    case 'update':
      return void Object.assign(find(prefix + String(name)), {
        notificationChannels: [flag('set-notification-channels')],
      })
    default:
      find(prefix + String(name))
      return void delete project.things[prefix + String(name)]
  }
}

function runBq(): unknown {
  const [verb = '', target = ''] = words
  const key = `bq/${target.split(':').at(-1)}`
  switch (verb) {
    case 'show':
      return project.things[key] ?? refuse('Not found', `Dataset ${target}`)
    case 'mk':
      if (project.things[key]) refuse('Already exists', target)
      return void (project.things[key] = { location: flag('location'), access: [] })
    case 'rm':
      find(key)
      return void delete project.things[key]
    case 'query': {
      const [, dataset, account] =
        /ON SCHEMA `[^`]+`\.`([^`]+)` TO "serviceAccount:([^"]+)"$/.exec(target) ?? refuse('INVALID', target)
      return void (find(`bq/${dataset}`)['access'] as object[]).push({ role: 'WRITER', userByEmail: account })
    }
    default:
      return refuse('INVALID', `no verb ${verb}`)
  }
}

function listFiles(dir: string): string {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.map(({ parentPath, name }) => `${parentPath}/${name}`.slice(dir.length + 1)).join('\n')
}
