import { isLoopback, parseLocalEndpoint } from '../syntax/loopback.ts'
import type { Effects } from '../base/effects.ts'
import { SyncError } from '../base/errors.ts'
import { retry } from '../secrets/retry.ts'
import type { Continuation } from './continuation.ts'

export interface TaskQueueOptions {
  /** `projects/P/locations/L/queues/Q` */
  readonly queue: string
  /** Where this service is called: the tasks are sent there, and their tokens are for it. */
  readonly url: string
  /** The service account that the tasks call as; the service's own where absent. */
  readonly account?: string
  /** Instead of Google's: `http://127.0.0.1:PORT`; called without credentials. */
  readonly endpoint?: string
  /** Seconds that one call may take; Cloud Tasks gives up on an attempt after that, at most 30 minutes. */
  readonly budget?: number
  readonly effects: Effects
}

/** Calls this service again for what a run has left. */
export interface TaskQueue {
  /** Resolves once the task is durable, also where it was so before. Throws `QUEUE_FAILED`, `CONFIG_INVALID`, `INTERRUPTED`. */
  enqueue(continuation: Continuation, signal: AbortSignal): Promise<void>
}

const limits = { attempts: 4, base: 200, cap: 2_000 }
const timeoutMs = 5_000
const alreadyExists = 6

/** Of an attempt, in seconds: what Cloud Tasks takes (API reference, `Task.dispatchDeadline`). */
const shortestDeadline = 15
const longestDeadline = 1_800

/**
 * Cloud Tasks as the queue of continuations. A task is named after its run and place in the chain, so that a call which
 * is made twice leaves one task. Throws `CONFIG_INVALID` where the options make no sense.
 */
export function createTaskQueue(options: TaskQueueOptions): TaskQueue {
  const endpoint = parseLocalEndpoint('HEADRACE_TASKS_ENDPOINT', options.endpoint)
  if (!/^projects\/[^/]+\/locations\/[^/]+\/queues\/[^/]+$/.test(options.queue))
    throw invalid(
      `HEADRACE_QUEUE is ${JSON.stringify(options.queue)}: expected projects/PROJECT/locations/REGION/queues/QUEUE.`,
    )
  const url = URL.parse(options.url)
  if (!url || (url.protocol !== 'https:' && !isLoopback(url)))
    throw invalid(`HEADRACE_URL is ${JSON.stringify(options.url)}: expected the https URL of this service.`)
  let opened: Promise<Client> | undefined
  return {
    async enqueue(continuation, signal) {
      opened ??= openClient(endpoint, options.account)
      const client = await opened.catch((cause: unknown) => {
        opened = undefined
        throw new SyncError('QUEUE_FAILED', 'Cloud Tasks cannot be asked, as there are no Google credentials.', {
          cause,
        })
      })
      const task = toTask(continuation, options, client.account)
      await retry(() => createTask(client, { parent: options.queue, task }), limits, {
        effects: options.effects,
        signal,
      })
    },
  }
}

interface Client {
  readonly tasks: import('@google-cloud/tasks').CloudTasksClient
  readonly account: string | undefined
}

/** Loaded by the first run that has something left, in its REST mode, which opens no gRPC channel. */
async function openClient(endpoint: URL | undefined, account: string | undefined): Promise<Client> {
  const { CloudTasksClient } = await import('@google-cloud/tasks')
  const { googleAuthLibrary } = await import('google-gax')
  if (endpoint) {
    const tasks = new CloudTasksClient({
      fallback: true,
      protocol: 'http',
      apiEndpoint: endpoint.hostname,
      port: Number(endpoint.port),
      authClient: new googleAuthLibrary.PassThroughClient(),
    })
    return { tasks, account }
  }
  const tasks = new CloudTasksClient({ fallback: true })
  await tasks.initialize()
  return { tasks, account: account ?? (await tasks.auth.getCredentials()).client_email }
}

function toTask(
  { request, notBefore }: Continuation,
  { queue, url, budget }: TaskQueueOptions,
  account: string | undefined,
) {
  const { run, seq } = request.continues ?? { run: '', seq: 0 }
  const seconds = Math.min(Math.max((budget ?? longestDeadline) + 60, shortestDeadline), longestDeadline)
  return {
    name: `${queue}/tasks/run-${run}-${seq}`,
    httpRequest: {
      url: new URL('/', url).href,
      httpMethod: 'POST' as const,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(request)),
      ...(account !== undefined && { oidcToken: { serviceAccountEmail: account, audience: new URL(url).origin } }),
    },
    dispatchDeadline: { seconds },
    ...(notBefore !== undefined && { scheduleTime: { seconds: Math.ceil(notBefore / 1_000) } }),
  }
}

async function createTask(
  { tasks }: Client,
  request: { readonly parent: string; readonly task: ReturnType<typeof toTask> },
): Promise<void> {
  try {
    await tasks.createTask(request, { retry: null, timeout: timeoutMs })
  } catch (thrown) {
    const { code, message } = thrown as { code?: number; message?: string }
    if (code === alreadyExists) return
    const hint = hintOf(code, request.parent)
    throw new SyncError('QUEUE_FAILED', `The rest of the run could not be queued in ${request.parent}${hint}.`, {
      cause: thrown,
      details: { code, reason: String(message).slice(0, 300) },
    })
  }
}

function hintOf(code: number | undefined, queue: string): string {
  if (code === 5) return ': there is no such queue; make it (gcloud tasks queues create) or take HEADRACE_QUEUE out'
  if (code === 7)
    return ': the service account lacks roles/cloudtasks.enqueuer on the queue, or roles/iam.serviceAccountUser on the account that tasks call as'
  return ` (code ${code ?? 'unknown'}); ${queue.split('/').at(-1)} may answer later`
}

const invalid = (message: string): SyncError => new SyncError('CONFIG_INVALID', message)
