import { setTimeout } from 'node:timers/promises'
import type { App } from '../app.ts'
import { refreshLogs } from './logs.ts'
import { readStatus } from './report.ts'

/** How long after a look the next one is made ready, and how long nothing is done in between; milliseconds. */
const inUse = 10 * 60_000
const pause = 500
/** Reading takes at most one part of so many of a CPU. */
const share = 20

let lastLook = 0
let watching: Promise<void> | undefined

/** To be called with each look at the page: for a while what is written is read at once, so that the next look need not wait. */
export function keepFresh(app: App): void {
  lastLook = app.effects.now()
  watching ??= watch(app)
}

async function watch(app: App): Promise<void> {
  let took = 0
  for (;;) {
    await setTimeout(Math.max(pause, took * (share - 1)), undefined, { ref: false })
    if (app.effects.now() > lastLook + inUse) break
    const started = performance.now()
    // The next look tells what is wrong.
    await refreshLogs(app).catch(() => undefined)
    took = performance.now() - started
  }
  watching = undefined
}

/** Makes the first look at the page ready, as far as that costs no money. */
export async function prepareFirstLook(app: App): Promise<void> {
  await readStatus(app, { brief: true, free: true })
  keepFresh(app)
}
