import type { ConnectorSubject } from './subject.ts'

/** What the deployment sets up must be understood there. */
export function checkSchedule({ connector, report }: ConnectorSubject): void {
  const { schedule } = connector
  if (!schedule) return
  if (schedule.cron.trim().split(/\s+/).length !== 5)
    report(
      ['schedule', 'cron'],
      'expected five fields: minute, hour, day of month, month, day of week, such as "0 6 * * *"',
    )
  try {
    new Intl.DateTimeFormat('en', { timeZone: schedule.time_zone })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    report(['schedule', 'time_zone'], 'expected a time zone of the IANA database, such as Europe/Berlin')
  }
}
