import type { Connector } from '../connector/connector.ts'

type Schedule = NonNullable<Connector['schedule']>

/** The first moment of a schedule after another one, both in milliseconds since 1970; undefined where there is none. */
export type NextFiring = (after: number) => number | undefined

const patterns = new Map<string, NextFiring | undefined>()
const mostKnown = 1_000

/** Reads the five fields as Cloud Scheduler does, in the schedule's time zone. Undefined for a schedule that makes no sense. */
export async function readSchedule(schedule: Schedule): Promise<NextFiring | undefined> {
  const key = `${schedule.cron} ${schedule.time_zone}`
  if (!patterns.has(key)) {
    if (patterns.size >= mostKnown) patterns.clear()
    patterns.set(key, await readPattern(schedule))
  }
  return patterns.get(key)
}

async function readPattern({ cron, time_zone: timezone }: Schedule): Promise<NextFiring | undefined> {
  const { Cron } = await import('croner')
  // What it may throw says no more than that the connector file is wrong, which was checked when it was loaded.
  const pattern = attempt(() => new Cron(cron, { timezone, paused: true, mode: '5-part' }))
  if (!pattern) return undefined
  const known = new Map<number, number | undefined>()
  return (after) => {
    // The streams of a run share its start, and a firing is not cheap to find.
    if (known.size >= mostKnown) known.clear()
    if (!known.has(after)) known.set(after, pattern.nextRun(new Date(after))?.getTime())
    return known.get(after)
  }
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
