import { checkFormat, isSignedDuration } from './calendar.ts'

/** What stands in the brackets after the name of a filter. */
export type Argument = string | number | boolean | null

interface Filter {
  readonly meaning: string
  readonly example: string
  /** What is wrong with the argument, or undefined. */
  readonly check: (argument: Argument | undefined) => string | undefined
}

const takesNone =
  (name: string): Filter['check'] =>
  (argument) =>
    argument === undefined ? undefined : `${name} takes no argument`

const takesEncoding =
  (name: string): Filter['check'] =>
  (argument) => {
    if (argument === undefined || argument === 'hex' || argument === 'base64') return undefined
    return `${name} writes hex, or base64 as ${name}("base64")`
  }

/** What may stand after | in a template. */
export const filters = {
  date: {
    meaning: 'Writes a time in UTC by a pattern of strftime.',
    example: '{{ cursor | date("%Y-%m-%d") }}',
    check: (argument) =>
      typeof argument === 'string' ? checkFormat(argument) : 'date needs a format, such as date("%Y-%m-%d")',
  },
  epoch: {
    meaning: 'Writes a time as seconds since 1970.',
    example: '{{ cursor | epoch }}',
    check: takesNone('epoch'),
  },
  epoch_ms: {
    meaning: 'Writes a time as milliseconds since 1970.',
    example: '{{ now | epoch_ms }}',
    check: takesNone('epoch_ms'),
  },
  add: {
    meaning: 'Adds an ISO 8601 duration to a time, by the calendar; a minus sign subtracts it.',
    example: '{{ now | add("-P1D") }}',
    check: (argument) =>
      typeof argument === 'string' && isSignedDuration(argument)
        ? undefined
        : 'add needs an ISO 8601 duration, such as add("P1D") or add("-PT1H")',
  },
  default: {
    meaning: 'The value to use if there is none.',
    example: '{{ cursor | default("1970-01-01") }}',
    check: (argument) => (argument === undefined ? 'default needs a value, such as default("all")' : undefined),
  },
  json: {
    meaning: 'Writes a value as JSON, which a list or an object needs inside a text.',
    example: '{{ parent.tags | json }}',
    check: takesNone('json'),
  },
  base64: { meaning: 'Encodes a text in base64.', example: '{{ env.ACCOUNT | base64 }}', check: takesNone('base64') },
  urlencode: {
    meaning: 'Percent-encodes a text, where it is not done anyway.',
    example: '{{ partition.region | urlencode }}',
    check: takesNone('urlencode'),
  },
  xml: {
    meaning: 'Escapes a text for XML.',
    example: '<name>{{ partition.name | xml }}</name>',
    check: takesNone('xml'),
  },
  lower: { meaning: 'Writes a text in lower case.', example: '{{ env.ACCOUNT | lower }}', check: takesNone('lower') },
  upper: { meaning: 'Writes a text in upper case.', example: '{{ env.ACCOUNT | upper }}', check: takesNone('upper') },
  md5: {
    meaning: 'The MD5 hash of a text, in hex or base64.',
    example: '{{ body | md5 }}',
    check: takesEncoding('md5'),
  },
  sha1: { meaning: 'The SHA-1 hash.', example: '{{ body | sha1("base64") }}', check: takesEncoding('sha1') },
  sha256: { meaning: 'The SHA-256 hash.', example: '{{ body | sha256 }}', check: takesEncoding('sha256') },
  sha512: { meaning: 'The SHA-512 hash.', example: '{{ body | sha512 }}', check: takesEncoding('sha512') },
} as const satisfies Readonly<Record<string, Filter>>

export type FilterName = keyof typeof filters
