import type { ConnectorSubject } from './subject.ts'

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

interface Field {
  readonly name: string
  readonly from: number
  readonly to: number
  /** Words for the numbers from `from` on. */
  readonly words?: readonly string[]
}

/** The unix-cron format of Cloud Scheduler (https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules). */
const fields: readonly Field[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, words: months },
  { name: 'day of week', from: 0, to: 7, words: weekdays },
]

/** What the deployment sets up must be understood there. */
export function checkSchedule({ connector, report }: ConnectorSubject): void {
  const { schedule } = connector
  if (!schedule) return
  const problem = findProblem(schedule.cron)
  if (problem !== undefined) report(['schedule', 'cron'], problem)
  try {
    new Intl.DateTimeFormat('en', { timeZone: schedule.time_zone })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    report(['schedule', 'time_zone'], 'expected a time zone of the IANA database, such as Europe/Berlin')
  }
}

function findProblem(cron: string): string | undefined {
  const parts = cron.trim().split(/\s+/)
  if (parts.length !== fields.length)
    return 'expected five fields: minute, hour, day of month, month, day of week, such as "0 6 * * *"'
  const at = fields.findIndex((field, index) => !isField(parts[index] ?? '', field))
  const wrong = fields[at]
  if (!wrong) return undefined
  const { name, from, to } = wrong
  return `expected * or numbers from ${from} to ${to} for the ${name}, such as */${Math.ceil(to / 4)} or ${from},${from + 1}, not ${JSON.stringify(parts[at])}`
}

/** A list of `*`, numbers, words and ranges, each with a step or without. */
function isField(text: string, field: Field): boolean {
  return text.split(',').every((item) => {
    const [range = '', step, ...more] = item.split('/')
    if (more.length > 0 || (step !== undefined && !(/^\d+$/.test(step) && Number(step) > 0))) return false
    if (range === '*') return true
    const ends = range.split('-').map((end) => toNumber(end, field))
    const [first = NaN, last = first] = ends
    return ends.length <= 2 && first >= field.from && last <= field.to && first <= last
  })
}

function toNumber(text: string, { from, words = [] }: Field): number {
  const word = words.indexOf(text.toLowerCase())
  if (word >= 0) return from + word
  return /^\d+$/.test(text) ? Number(text) : NaN
}
