import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { SyncError, toSyncError } from '../base/errors.ts'
import { type Caller, refusedCaller } from '../inbound/caller.ts'
import { bodyLimits, readBody } from './body.ts'
import { type Delivery, acknowledges, deliveryId } from './delivery.ts'
import { answerError, answerQueue, answerRecord, mayImprove } from './outcome.ts'
import { mediaType, recognizeDelivery } from './recognize.ts'
import { type Answer, redirectAnswer } from './respond.ts'
import { toRunRequest } from './run-request.ts'
import type { Service } from './service.ts'
import { readTrace } from './trace.ts'

const formType = 'application/x-www-form-urlencoded'

/** `POST /`, `POST /run/NAME`: a run, however it is asked for; `name` is the connector of the path. */
export async function answerRun(
  request: IncomingMessage,
  caller: Caller,
  { service, name }: { readonly service: Service; readonly name?: string },
): Promise<Answer> {
  const { drain } = service
  const form = isForm(request.headers)
  if (form && caller.session === undefined)
    throw new SyncError('REQUEST_INVALID', 'Runs are not started by web pages: send JSON, without Origin.')
  if (!form) checkType(request.headers)
  if (drain.stop.soft.aborted) throw new SyncError('INTERRUPTED', 'This instance is being stopped: call again.')
  const body = await readBody(request, bodyLimits)
  if (typeof body !== 'string') return body.refusal
  const traceparent = readTrace(request.headers)
  return form
    ? answerForm(request, new URLSearchParams(body), { service, caller, name, traceparent })
    : answerDelivery(recognizeDelivery(request.headers, body), { service, caller, name, traceparent })
}

interface Call {
  readonly service: Service
  readonly caller: Caller
  readonly name: string | undefined
  readonly traceparent: string | undefined
}

/** "Run now" on the status page. The browser waits for the end of the run, and is sent to its page. */
async function answerForm(request: IncomingMessage, form: URLSearchParams, call: Call): Promise<Answer> {
  const { service, caller, name, traceparent } = call
  await service.inbound.checkForm(request, caller, form.get('csrf') ?? '')
  const wanted = toRunRequest({ connector: name ?? form.get('connector') })
  checkRights(caller, wanted.connector)
  service.app.log.info({ connector: wanted.connector, caller: caller.name }, 'run asked for on the status page')
  const record = await service.dispatch({ trigger: 'http', request: wanted, traceparent })
  return redirectAnswer(`/runs/${record.run_id}?connector=${encodeURIComponent(wanted.connector)}`)
}

async function answerDelivery(delivery: Delivery, { service, caller, name, traceparent }: Call): Promise<Answer> {
  try {
    const request = delivery.readRequest(name)
    checkRights(caller, request.connector)
    const arrival = { from: caller.name ?? '', now: service.app.effects.now() }
    // From others these are headers that anybody can invent, and each of their calls is a run of its own.
    const id = service.inbound.mayDeliver(caller) ? deliveryId(delivery, request, arrival) : undefined
    const record = await service.dispatch({ trigger: delivery.trigger, request, delivery: id, traceparent })
    return acknowledges(delivery) ? answerQueue(record) : answerRecord(record)
  } catch (thrown) {
    const error = toSyncError(thrown)
    if (!acknowledges(delivery) || mayImprove(error)) throw error
    // Acknowledged, or it would come back for days; here is where it is found again.
    service.app.log.error(
      { code: error.code, err: error, trigger: delivery.trigger, message_id: delivery.marks.at(-1) },
      `acknowledged without a run: ${error.message}`,
    )
    return { ...answerError(error), status: 200 }
  }
}

function checkRights(caller: Caller, connector: string): void {
  if (caller.mayRun(connector)) return
  throw refusedCaller(`This caller may not run ${connector}: it is not among the connectors given to the account.`)
}

/** Browsers say so themselves: what a page sends has to prove that the page is one of ours. */
function isForm(headers: IncomingHttpHeaders): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] === 'cross-site' || mediaType(headers) === formType
}

/** Scheduler sends octet-stream unless told otherwise, and curl may send no type at all. */
function checkType(headers: IncomingHttpHeaders): void {
  const type = mediaType(headers) ?? 'application/json'
  if (!/^application\/(octet-stream|json|[\w.-]+\+json)$/.test(type) || type === 'application/cloudevents-batch+json')
    throw new SyncError(
      'REQUEST_INVALID',
      `The content type is ${JSON.stringify(type.slice(0, 100))}: send JSON as application/json.`,
    )
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity')
    throw new SyncError('REQUEST_INVALID', 'The body is compressed: send it as it is.')
}
