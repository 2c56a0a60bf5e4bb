import { type App, type AppOptions, type Env, budgetOf, createApp, runsAtOnceOf } from '../run/app.ts'
import { type Inbound, createInbound } from '../inbound/index.ts'
import { parseInbound } from '../inbound/config.ts'
import { type Admission, createAdmission } from './admission.ts'
import { type Dispatch, createDispatch } from './dispatch.ts'
import type { Drain } from './drain.ts'

/** What the function is made of, once a process. */
export interface Service {
  readonly app: App
  readonly drain: Drain
  readonly inbound: Inbound
  readonly admission: Admission
  readonly dispatch: Dispatch
}

/** Calls that are read, wait or run at a time: of a body of 1 MiB each they fill 64 MiB. */
const callsAtOnce = 64
const longestWait = 60_000

/** Throws `CONFIG_INVALID` where the environment makes no sense. */
export async function createService(env: Env, drain: Drain, options?: AppOptions): Promise<Service> {
  const app = createApp(env, options)
  const limits = { running: runsAtOnceOf(env), calls: callsAtOnce, wait: longestWait }
  const admission = createAdmission(limits, app.effects)
  return {
    app,
    drain,
    admission,
    inbound: await createInbound(parseInbound(env), app, drain.stop.hard),
    dispatch: createDispatch({ app, stop: drain.stop, admission, budget: budgetOf(env), queue: app.taskQueue }),
  }
}
