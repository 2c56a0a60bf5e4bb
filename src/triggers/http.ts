import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { App, AppOptions, Env } from '../run/app.ts'
import { SyncError } from '../base/errors.ts'
import { checkHeaders } from '../inbound/bearer.ts'
import { type Caller, createCaller } from '../inbound/caller.ts'
import type { Purpose } from '../inbound/index.ts'
import { redactError } from '../secrets/redact-error.ts'
import type { Drain } from './drain.ts'
import { type HttpHandler, pathOf } from './entry.ts'
import { answerLogin, answerLogout, answerRunPage, answerStatus, answerStatusPage, answerTrouble } from './pages.ts'
import { answerError } from './outcome.ts'
import { type Answer, errorAnswer, send } from './respond.ts'
import { answerRun } from './run-endpoint.ts'
import { type Service, createService } from './service.ts'

interface Endpoint {
  /** What the caller is identified for; absent where anybody may call. */
  readonly purpose?: Purpose
  readonly answer: (request: IncomingMessage, caller: Caller) => Promise<Answer>
}

/** What is at a path, by method; GET answers HEAD too. */
type Endpoints = Readonly<Partial<Record<'GET' | 'POST', Endpoint>>>

const anybody = createCaller({ connectors: new Set(), status: false }, { signedIn: false })

/** Answers everything but `/healthz`. Throws `CONFIG_INVALID` where the environment makes no sense. */
export async function createHttpHandler(env: Env, drain: Drain, options?: AppOptions): Promise<HttpHandler> {
  const service = await createService(env, drain, options)
  return (request, response) =>
    drain.track(async () => {
      const { socket } = request
      const answer = await route(request, service).catch((thrown: unknown) => answerFailure(thrown, request, service))
      await send(response, redactAnswer(answer, service.app))
      if (!request.complete) linger(request, socket)
    })
}

/** How long the rest of a body that nobody wants may go on coming, in milliseconds, before the connection is cut. */
const restOfBody = 2_000

/** Whoever is still sending gets to read the answer, which a connection that is cut at once would take from him. */
function linger(request: IncomingMessage, socket: Socket): void {
  request.on('error', () => undefined).resume()
  setTimeout(() => request.complete || socket.destroy(), restOfBody).unref()
}

async function route(request: IncomingMessage, service: Service): Promise<Answer> {
  checkHeaders(request)
  const path = pathOf(request)
  const endpoints = findEndpoints(path, service)
  if (!endpoints) {
    await service.inbound.identify(request, 'work')
    const message =
      'There is nothing here: the paths are GET / and POST /, POST /run/NAME, GET /runs/ID, GET /status.json and GET /healthz.'
    return errorAnswer(404, { code: 'REQUEST_INVALID', message })
  }
  const endpoint = endpoints[(request.method === 'HEAD' ? 'GET' : request.method) as keyof Endpoints]
  if (!endpoint) {
    await service.inbound.identify(request, 'work')
    return refuseMethod(request, path, endpoints)
  }
  const { purpose, answer } = endpoint
  // A place is for callers who are known: those who are not must not keep them out.
  const caller = purpose === undefined ? anybody : await service.inbound.identify(request, purpose)
  const leave = service.admission.enter()
  try {
    return await answer(request, caller)
  } finally {
    leave()
  }
}

function findEndpoints(path: string, service: Service): Endpoints | undefined {
  const run = /^\/run\/([^/]+)$/.exec(path)?.[1]
  if (run !== undefined)
    return { POST: work((request, caller) => answerRun(request, caller, { service, name: decodeName(run) })) }
  const id = /^\/runs\/([A-Za-z0-9-]{1,100})$/.exec(path)?.[1]
  if (id !== undefined) return { GET: view((request, caller) => answerRunPage(request, caller, { service, id })) }
  const { signIn } = service.inbound
  switch (path) {
    case '/':
      return {
        GET: view((request, caller) => answerStatusPage(request, caller, service)),
        POST: work((request, caller) => answerRun(request, caller, { service })),
      }
    case '/status.json':
      return { GET: view((_, caller) => answerStatus(caller, service)) }
    case '/login':
    case '/login/authorized':
      return signIn && { GET: { answer: (request) => answerLogin(request, service, signIn) } }
    case '/logout':
      return signIn && { POST: view((request, caller) => answerLogout(request, caller, { service, signIn })) }
    default:
      return undefined
  }
}

const work = (answer: Endpoint['answer']): Endpoint => ({ purpose: 'work', answer })
const view = (answer: Endpoint['answer']): Endpoint => ({ purpose: 'look', answer })

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch (cause) {
    throw new SyncError('REQUEST_INVALID', 'The name in the path is not well encoded.', { cause })
  }
}

function refuseMethod({ method }: IncomingMessage, path: string, endpoints: Endpoints): Answer {
  const allow = Object.keys(endpoints)
    .map((known) => (known === 'GET' ? 'GET, HEAD' : known))
    .join(', ')
  const message = `${path.slice(0, 100)} takes ${allow}, not ${method}.`
  return errorAnswer(405, { code: 'REQUEST_INVALID', message }, { allow })
}

function answerFailure(thrown: unknown, request: IncomingMessage, service: Service): Answer {
  const error = redactError(thrown, (text) => service.app.redactor.redact(text))
  service.app.log[error.status >= 500 ? 'error' : 'warn']({ code: error.code, err: error }, error.message)
  return answerTrouble(error, request, service) ?? answerError(error)
}

/** No answer holds a secret that this process knows, whoever put it there. */
function redactAnswer(answer: Answer, { redactor }: App): Answer {
  const { body } = answer
  // A page has been written by us, of text that has gone through here before.
  if (typeof body === 'string') return { ...answer, body: redactor.redact(body) }
  const text = JSON.stringify(body, (_, value: unknown) => (typeof value === 'string' ? redactor.redact(value) : value))
  return { ...answer, body: JSON.parse(text) as object }
}
