import { setTimeout } from 'node:timers/promises'
import type { App } from '../run/app.ts'
import { refreshLogs } from './logs.ts'
import { renderStatusPage } from './overview.ts'
import { readStatus } from './report.ts'

/** How long after a look the next one is made ready, in milliseconds. */
const inUse = 10 * 60_000
/** In between nothing is done for so long, or for some times as long as reading took. */
const pause = { least: 500, times: 9, most: 3_000 }

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
    const rest = Math.min(Math.max(pause.least, took * pause.times), pause.most)
    await setTimeout(rest, undefined, { ref: false })
    if (app.effects.now() > lastLook + inUse) break
    const started = performance.now()
    // The next look tells what is wrong.
    await refreshLogs(app).catch(() => undefined)
    took = performance.now() - started
  }
  watching = undefined
}

/** Makes the first look at the page ready, as far as it may be read ahead. */
export async function prepareFirstLook(app: App): Promise<void> {
  renderStatusPage(await readStatus(app, { brief: true, ahead: true }), { now: app.effects.now(), mayRun: false })
  keepFresh(app)
}
