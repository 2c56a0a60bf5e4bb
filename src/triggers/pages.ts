import type { IncomingMessage } from 'node:http'
import { SyncError } from '../base/errors.ts'
import { type Caller, refusedCaller } from '../inbound/caller.ts'
import type { SignIn } from '../inbound/sign-in/sign-in.ts'
import type { StatusReport } from '../status/status-report.ts'
import { bodyLimits, readBody } from './body.ts'
import { pathOf } from './entry.ts'
import { type Answer, redirectAnswer } from './respond.ts'
import type { Service } from './service.ts'

/** `GET /`: the status page, for people. */
export async function answerStatusPage(request: IncomingMessage, caller: Caller, service: Service): Promise<Answer> {
  checkViewer(caller)
  const { keepFresh, openStatusPage } = await import('../status/index.ts')
  keepFresh(service.app)
  return toAnswer(await openStatusPage(service.app, queryOf(request), await describeViewer(caller, service)))
}

/** `GET /runs/ID`: what one run did. */
export async function answerRunPage(
  request: IncomingMessage,
  caller: Caller,
  { service, id }: { readonly service: Service; readonly id: string },
): Promise<Answer> {
  checkViewer(caller)
  const { openRunPage } = await import('../status/index.ts')
  const viewer = await describeViewer(caller, service)
  return toAnswer(await openRunPage(service.app, id, { query: queryOf(request), viewer }))
}

/** `GET /status.json`: the same for programs. What is late or silent is logged too, as no run would say so. */
export async function answerStatus(caller: Caller, service: Service): Promise<Answer> {
  checkViewer(caller)
  const [{ readStatus }, { createTroubleReport }] = await Promise.all([
    import('../status/report.ts'),
    import('../status/troubles.ts'),
  ])
  const report = await readStatus(service.app, {})
  const known = troubleReports.get(service) ?? createTroubleReport(service.app.log, () => service.app.effects.now())
  troubleReports.set(service, known)
  known(report)
  const connectors = report.connectors.filter(({ name }) => caller.maySee(name))
  return { status: 200, body: { ...report, connectors } }
}

/** What each service has said already. */
const troubleReports = new WeakMap<Service, (report: StatusReport) => void>()

/** `GET /login` and `GET /login/authorized`: there and back again. */
export async function answerLogin(request: IncomingMessage, service: Service, signIn: SignIn): Promise<Answer> {
  const origin = service.inbound.originOf(request)
  if (origin === undefined)
    throw new SyncError('REQUEST_INVALID', 'This service does not know its own address: set HEADRACE_URL.')
  const step =
    pathOf(request) === '/login'
      ? await signIn.begin(origin, queryOf(request).get('to'))
      : await signIn.finish(request, origin)
  return redirectAnswer(step.location, { 'set-cookie': step.cookies })
}

/** `POST /logout`: the form on the status page. */
export async function answerLogout(
  request: IncomingMessage,
  caller: Caller,
  { service, signIn }: { readonly service: Service; readonly signIn: SignIn },
): Promise<Answer> {
  const { inbound } = service
  const origin = inbound.originOf(request)
  if (!caller.signedIn || origin === undefined) throw refusedCaller('Nobody is signed in here.')
  const body = await readBody(request, bodyLimits)
  if (typeof body !== 'string') return body.refusal
  await inbound.checkForm(request, caller, new URLSearchParams(body).get('csrf') ?? '')
  // No way back to a page of ours: the provider may still know the person, and would sign him in again at once.
  const answer = toPlainPage(200, 'You are signed out.', signInLink)
  return { ...answer, headers: { ...answer.headers, 'set-cookie': signIn.end(caller, origin) } }
}

/** What a person sees where a page cannot be shown: the way to sign in, or one sentence. Undefined where a program asks. */
export function answerTrouble(error: SyncError, request: IncomingMessage, { inbound }: Service): Answer | undefined {
  const path = pathOf(request)
  const page = path === '/' || path.startsWith('/runs/') || path.startsWith('/log')
  if (!page || !/\btext\/html\b/.test(request.headers.accept ?? '')) return undefined
  const wanted = request.method === 'GET' && !path.startsWith('/log')
  if (error.code === 'CALLER_UNKNOWN' && inbound.signIn && wanted)
    return redirectAnswer(`/login?to=${encodeURIComponent((request.url ?? '/').slice(0, 500))}`)
  return toPlainPage(error.status, error.message, path.startsWith('/log') ? signInLink : '<a href="/">Back</a>')
}

const signInLink = '<a href="/login">Sign in</a>'

function toPlainPage(status: number, sentence: string, link: string): Answer {
  const text = sentence.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>headrace</title>'
  const html = `<!doctype html><html lang="en">${head}<h1>headrace</h1><p>${text}</p><p>${link}</p></html>\n`
  return { status, body: html, headers: pageHeaders }
}

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
}

function checkViewer(caller: Caller): void {
  if (!caller.seesStatus) throw refusedCaller('This account may not see the status page.')
}

async function describeViewer(caller: Caller, { inbound }: Service) {
  const csrf = await inbound.formToken(caller)
  return {
    csrf,
    mayRun: (connector: string) => caller.mayRun(connector),
    maySee: (connector: string) => caller.maySee(connector),
    ...(caller.signedIn && caller.name !== undefined && { viewer: { name: caller.name } }),
  }
}

const queryOf = ({ url }: IncomingMessage): URLSearchParams => new URLSearchParams((url ?? '').split('?', 2)[1] ?? '')

function toAnswer(page: {
  readonly status: number
  readonly html: string
  readonly headers: Answer['headers']
}): Answer {
  return {
    status: page.status,
    body: page.html,
    headers: { 'content-type': 'text/html; charset=utf-8', ...page.headers },
  }
}
