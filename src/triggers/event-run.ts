import type { Env } from '../run/app.ts'
import { SyncError, toSyncError } from '../base/errors.ts'
import { readEvent } from './cloud-event.ts'
import { deliveryId } from './delivery.ts'
import type { Drain } from './drain.ts'
import { mayImprove } from './outcome.ts'
import { type Service, createService } from './service.ts'

/** Answers events: resolves where one is done with, throws where it should come again. */
export async function createEventHandler(env: Env, drain: Drain): Promise<(event: unknown) => Promise<void>> {
  const service = await createService(env, drain)
  const name = env['HEADRACE_CONNECTOR'] || undefined
  return (event) => drain.track(() => answerEvent(event, service, name))
}

async function answerEvent(event: unknown, { app, dispatch }: Service, name: string | undefined): Promise<void> {
  const delivery = readEvent(event)
  try {
    const request = delivery.readRequest(name)
    const record = await dispatch({
      trigger: 'event',
      request,
      delivery: deliveryId(delivery, request, { from: '', now: app.effects.now() }),
    })
    if (record.status !== 'failed' || !mayImprove(record)) return
    const failed = record.streams.find(({ error }) => error)?.error ?? record.error
    throw new SyncError('API_UNAVAILABLE', failed?.message ?? 'The run failed.')
  } catch (thrown) {
    const error = toSyncError(thrown)
    if (mayImprove(error)) throw error
    app.log.error(
      { code: error.code, err: error, trigger: 'event', message_id: delivery.marks.at(-1) },
      `acknowledged without a run: ${error.message}`,
    )
  }
}
