const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const clock = String.raw`(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})`

/** The three forms of RFC 9110 section 5.6.7: IMF-fixdate, RFC 850, asctime. */
const forms = [
  new RegExp(String.raw`^[a-z]{3}, (?<day>\d{1,2}) (?<month>[a-z]{3}) (?<year>\d{4}) ${clock} (?:GMT|UTC)$`, 'i'),
  new RegExp(String.raw`^[a-z]{6,9}, (?<day>\d{1,2})-(?<month>[a-z]{3})-(?<year>\d{2}) ${clock} (?:GMT|UTC)$`, 'i'),
  new RegExp(String.raw`^[a-z]{3} (?<month>[a-z]{3}) +(?<day>\d{1,2}) ${clock} (?<year>\d{4})$`, 'i'),
]

/** Not in the RFC, but sent all the same. */
const isoForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/

/**
 * Milliseconds since 1970 of an HTTP date in any of its three forms, or of an ISO 8601 instant; undefined where it is
 * none. A year of two digits that lies more than 50 years ahead of `now` is one of the past century.
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  if (isoForm.test(text)) return finite(Date.parse(text))
  const parts = forms.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined)
  if (!parts) return undefined
  const [day, hour, minute, second] = ['day', 'hour', 'minute', 'second'].map((name) => Number(parts[name]))
  const month = months.indexOf((parts['month'] as string).toLowerCase())
  if (month < 0 || !inRange(day, 1, 31) || !inRange(hour, 0, 23) || !inRange(minute, 0, 59) || !inRange(second, 0, 60))
    return undefined
  return finite(Date.UTC(fullYear(parts['year'] as string, now), month, day, hour, minute, second))
}

function fullYear(text: string, now: number): number {
  if (text.length > 2) return Number(text)
  const thisYear = new Date(now).getUTCFullYear()
  const year = Math.floor(thisYear / 100) * 100 + Number(text)
  return year > thisYear + 50 ? year - 100 : year
}

function inRange(value: number | undefined, low: number, high: number): value is number {
  return value !== undefined && value >= low && value <= high
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}
