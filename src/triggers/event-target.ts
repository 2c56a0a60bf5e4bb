import type { Env } from '../run/app.ts'
import { SyncError } from '../base/errors.ts'
import { parseInbound } from '../inbound/config.ts'
import { createDrain } from './drain.ts'
import { takeSignals } from './framework.ts'

/** Resolves where the event is done with; throws where it should come again. */
export type EventHandler = (event: unknown) => Promise<void>

/** Throws `CONFIG_INVALID` for a front door that this target cannot keep: it sees no headers and no connection. */
export function checkEventDoor(env: Env): void {
  const { mode, callers } = parseInbound(env)
  if (mode === 'iam' && callers.size === 0) return
  throw new SyncError(
    'CONFIG_INVALID',
    'An event-driven function cannot see who calls: run it on Cloud Run with HEADRACE_INBOUND=iam and without HEADRACE_CALLERS, or deploy the HTTP function.',
  )
}

/**
 * The function for event-driven deployment, where the framework reads the request and hands over the event alone. The
 * connector is that of `HEADRACE_CONNECTOR` where the event names none.
 */
export function createEventTarget(env: Env): EventHandler {
  let opened: Promise<EventHandler> | undefined
  return async (event) => {
    opened ??= open(env)
    await (
      await opened
    )(event)
  }
}

async function open(env: Env): Promise<EventHandler> {
  checkEventDoor(env)
  takeSignals()
  const { createEventHandler } = await import('./event-run.ts')
  return createEventHandler(env, createDrain())
}
