import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type App, type Env, budgetOf, createApp } from '../app.ts'
import { SyncError, toSyncError } from '../errors.ts'
import { readStatus } from '../status/report.ts'
import { runConnector } from '../sync/run.ts'
import { maxBody, readBody } from './body.ts'
import type { Drain } from './drain.ts'
import { type HttpHandler, pathOf } from './entry.ts'
import { answerError, answerRecord } from './outcome.ts'
import { type Answer, errorAnswer, send } from './respond.ts'
import { limitBudget, parseRunRequest } from './run-request.ts'

interface Service {
  readonly app: App
  readonly drain: Drain
  readonly budget: number | undefined
}

/** Answers everything but `/healthz`. Throws `CONFIG_INVALID` where the environment makes no sense. */
export function createHttpHandler(env: Env, drain: Drain): HttpHandler {
  const service: Service = { app: createApp(env), drain, budget: budgetOf(env) }
  return (request, response) =>
    drain.track(async () => {
      const answer = await route(request, service).catch((thrown: unknown) => answerFailure(thrown, service.app))
      await send(response, redactAnswer(answer, service.app))
      // What was not read of a body that is too large is not waited for.
      if (!request.complete) request.destroy()
    })
}

async function route(request: IncomingMessage, service: Service): Promise<Answer> {
  const path = pathOf(request)
  const name = /^\/run\/([^/]+)$/.exec(path)?.[1]
  if (path === '/' || name !== undefined) {
    if (request.method !== 'POST') return refuseMethod(request, path, 'POST')
    return answerRun(request, service, name === undefined ? undefined : decodeName(name))
  }
  if (path === '/status.json') {
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuseMethod(request, path, 'GET, HEAD')
    return { status: 200, body: await readStatus(service.app, {}) }
  }
  const message = 'There is nothing here: the paths are POST /, POST /run/NAME, GET /status.json and GET /healthz.'
  return errorAnswer(404, { code: 'REQUEST_INVALID', message })
}

async function answerRun(request: IncomingMessage, service: Service, name: string | undefined): Promise<Answer> {
  const { app, drain, budget } = service
  checkHeaders(request)
  if (drain.stop.soft.aborted) throw new SyncError('INTERRUPTED', 'This instance is being stopped: call again.')
  const body = await readBody(request)
  if (body === undefined) {
    const message = `The body is over ${maxBody / 1024} KiB: a run request takes a few hundred bytes.`
    return errorAnswer(413, { code: 'REQUEST_INVALID', message }, { connection: 'close' })
  }
  const runRequest = limitBudget(parseRunRequest(body, name), budget)
  const record = await runConnector(runRequest, app, { trigger: 'http', runId: randomUUID(), stop: drain.stop })
  const rows = record.streams.reduce((sum, stream) => sum + stream.rows, 0)
  app.log.info({ connector: record.connector, run: record.run_id, rows }, `run ${record.status}`)
  return answerRecord(record)
}

/** Scheduler sends octet-stream unless told otherwise, and curl may send no type at all. */
function checkHeaders({ headers }: IncomingMessage): void {
  // A page in somebody's browser must not start runs on a service that trusts its network.
  if (headers.origin !== undefined || headers['sec-fetch-site'] === 'cross-site')
    throw new SyncError('REQUEST_INVALID', 'Runs are not started by web pages: send the request without Origin.')
  const type = (headers['content-type'] ?? 'application/json').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (!/^application\/(octet-stream|json|[\w.-]+\+json)$/.test(type))
    throw new SyncError(
      'REQUEST_INVALID',
      `The content type is ${JSON.stringify(type)}: send JSON as application/json.`,
    )
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity')
    throw new SyncError('REQUEST_INVALID', 'The body is compressed: send it as it is.')
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch (cause) {
    throw new SyncError('REQUEST_INVALID', 'The name in the path is not well encoded.', { cause })
  }
}

function refuseMethod({ method }: IncomingMessage, path: string, allow: string): Answer {
  const message = `${path.slice(0, 100)} takes ${allow}, not ${method}.`
  return errorAnswer(405, { code: 'REQUEST_INVALID', message }, { allow })
}

function answerFailure(thrown: unknown, app: App): Answer {
  const error = toSyncError(thrown)
  app.log[error.status >= 500 ? 'error' : 'warn']({ code: error.code, err: error }, error.message)
  return answerError(error)
}

/** No answer holds a secret that this process knows, whoever put it there. */
function redactAnswer(answer: Answer, { redactor }: App): Answer {
  const text = JSON.stringify(answer.body, (_, value: unknown) =>
    typeof value === 'string' ? redactor.redact(value) : value,
  )
  return { ...answer, body: JSON.parse(text) as object }
}
