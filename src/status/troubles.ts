import type { Log } from '../base/log.ts'
import { formatRough } from './format.ts'
import type { State } from './status-report.ts'
import type { StatusReport } from './status-report.ts'
import type { StreamStatus } from './status-report.ts'

/** How soon the same is said again, in milliseconds: pages that refresh themselves are no reason to fill the log. */
const silence = 30 * 60_000
const mostKnown = 10_000

/** What no run says of itself: there was none, or it found nothing wrong. */
const quiet: readonly State[] = ['late', 'empty']

/** Logs an error for each stream that is late or brings too little, at most twice an hour: an alert policy counts them. */
export function createTroubleReport(log: Log, now: () => number): (report: StatusReport) => void {
  const said = new Map<string, number>()
  return ({ connectors }) => {
    for (const { name: connector, streams } of connectors)
      for (const stream of streams.filter(({ state }) => quiet.includes(state))) {
        const key = JSON.stringify([connector, stream.stream, stream.state])
        if (now() - (said.get(key) ?? -Infinity) < silence) continue
        if (said.size >= mostKnown) said.clear()
        said.set(key, now())
        log.error({ connector, stream: stream.stream, state: stream.state }, describe(connector, stream))
      }
  }
}

function describe(connector: string, { stream, state, late_seconds: late = 0 }: StreamStatus): string {
  return state === 'late'
    ? `${connector} / ${stream} is ${formatRough(late * 1_000)} late: no run has succeeded since one was due`
    : `${connector} / ${stream} has brought fewer rows than its connector expects`
}
