import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../free-port.ts'

/** Google's own emulator comes with the Google Cloud CLI (component pubsub-emulator), and needs Java. */
function findJar(): string | undefined {
  if (spawnSync('java', ['-version']).status !== 0) return undefined
  const { status, stdout } = spawnSync('gcloud', ['info', '--format=value(installation.sdk_root)'])
  const lib = join(String(stdout).trim(), 'platform/pubsub-emulator/lib')
  if (status !== 0 || !existsSync(lib)) return undefined
  const name = readdirSync(lib).find((file) => /^cloud-pubsub-emulator-.*-all\.jar$/.test(file))
  return name && join(lib, name)
}

const jar = findJar()
if (jar === undefined && process.env['HEADRACE_REQUIRE_ALL'])
  throw new Error('gcloud with the component pubsub-emulator, and java, are needed here')
/** Why tests with the emulator are left out, or false. */
export const skipPubsub =
  jar === undefined ? 'SKIPPED: there is no Pub/Sub emulator (gcloud component pubsub-emulator, and java)' : false

export interface Pubsub extends AsyncDisposable {
  /** A topic with a subscription that pushes to `endpoint`; gives a function that publishes a message and resolves with its id. */
  wire(name: string, endpoint: string, options?: object): Promise<(message: object) => Promise<string>>
  /** Data of the messages that wait in a subscription that pushes nowhere, acknowledged by it. */
  createSink(topic: string): Promise<() => Promise<readonly string[]>>
}

const project = 'projects/headrace'

export async function startPubsub(): Promise<Pubsub> {
  const port = await freePort()
  const args = ['-Xmx256m', '-jar', jar ?? '', '--host=127.0.0.1', `--port=${port}`]
  const child = spawn('java', args, { stdio: 'ignore' })
  const base = `http://127.0.0.1:${port}`
  await untilUp(base, child)

  async function call(method: string, path: string, body: object): Promise<unknown> {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${base}/v1/${path}`, { method, headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }

  return {
    async wire(name, endpoint, options = {}) {
      const topic = `${project}/topics/${name}`
      await call('PUT', topic, {})
      const pushConfig = { pushEndpoint: endpoint }
      await call('PUT', `${project}/subscriptions/${name}`, { topic, pushConfig, ...options })
      return async (message) => {
        const { messageIds } = (await call('POST', `${topic}:publish`, { messages: [message] })) as PublishAnswer
        return messageIds[0] ?? ''
      }
    },
    async createSink(topic) {
      await call('PUT', `${project}/topics/${topic}`, {})
      await call('PUT', `${project}/subscriptions/${topic}`, { topic: `${project}/topics/${topic}` })
      return async () => {
        const pulled = (await call('POST', `${project}/subscriptions/${topic}:pull`, { maxMessages: 10 })) as PullAnswer
        const received = pulled.receivedMessages ?? []
        const ackIds = received.map(({ ackId }) => ackId)
        if (ackIds.length > 0) await call('POST', `${project}/subscriptions/${topic}:acknowledge`, { ackIds })
        return received.map(({ message }) => Buffer.from(message.data ?? '', 'base64').toString())
      }
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'close')
      child.kill('SIGKILL')
      await gone
    },
  }
}

interface PublishAnswer {
  readonly messageIds: readonly string[]
}

interface PullAnswer {
  readonly receivedMessages?: readonly { readonly ackId: string; readonly message: { readonly data?: string } }[]
}

async function untilUp(base: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 600 && child.exitCode === null; tries += 1) {
    try {
      await (await fetch(base)).text()
      return
    } catch {
      await setTimeout(50)
    }
  }
  throw new Error(`the Pub/Sub emulator did not start (${child.exitCode ?? 'no answer'})`)
}
