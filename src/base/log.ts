import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { oneLine } from './words/line.ts'
import { forJson, forLog, forStack } from './words/media.ts'

/** Writes structured log lines; the first argument's fields become fields of the line. */
export interface Log {
  error(fields: object, message: string): void
  warn(fields: object, message: string): void
  info(fields: object, message: string): void
  debug(fields: object, message: string): void
  trace(fields: object, message: string): void
}

export const logLevels = ['error', 'warn', 'info', 'debug', 'trace'] as const
export type LogLevel = (typeof logLevels)[number]

export interface LogOptions {
  readonly level: LogLevel | 'silent'
  /** `json`: what Cloud Logging understands, one object a line; `short`: for people. */
  readonly format: 'json' | 'short'
  /** Takes secrets out; every line goes through it. */
  readonly redact: (text: string) => string
  /** Takes a whole line, its line feed included. */
  readonly write: (line: string) => void
}

/** Severities of Cloud Logging (LogEntry.LogSeverity), which takes a line without one for an error. */
const severities: Readonly<Record<string, string>> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
}

/** What lines are looked for by: labels of the entry, not part of what it says. */
const labels = new Set(['connector', 'stream', 'run'])

/** Stack traces are written at level `trace` only. */
export function createLog({ level, format, redact, write }: LogOptions): Log {
  const stacks = level === 'trace'
  const shape = format === 'json' ? createEntryShape() : (fields: Record<string, unknown>) => fields
  const show = format === 'json' ? (line: string) => forJson(redact(line)) : (line: string) => redact(shorten(line))
  return pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      // Errors are made plain below, where the level is known.
      serializers: { err: (error: unknown) => error },
      hooks: {
        logMethod(given, log) {
          const [fields, message] = given as [object, string]
          log.call(this, fields, oneLine(message, 4_000))
        },
      },
      formatters: {
        level: (label) => ({ severity: severities[label] ?? 'INFO' }),
        log: (fields) =>
          shape(Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plain(value, stacks)]))),
      },
    },
    { write: (line: string) => write(show(line)) },
  )
}

/** A log whose lines all bear `fields` too, for example those of one request. */
export function addFields(log: Log, fields: object): Log {
  return {
    error: (own, message) => log.error({ ...fields, ...own }, message),
    warn: (own, message) => log.warn({ ...fields, ...own }, message),
    info: (own, message) => log.info({ ...fields, ...own }, message),
    debug: (own, message) => log.debug({ ...fields, ...own }, message),
    trace: (own, message) => log.trace({ ...fields, ...own }, message),
  }
}

/**
 * The special fields of Cloud Logging's agent (Cloud Logging, "Special fields in structured payloads"): labels, and an
 * id by which it knows a line that reaches it twice, and the order of lines of one millisecond.
 */
function createEntryShape(): (fields: Record<string, unknown>) => Record<string, unknown> {
  const process = randomBytes(6).toString('hex')
  let line = 0
  return (fields) => {
    const own = Object.entries(fields).filter(([key, value]) => labels.has(key) && value !== undefined)
    const rest = Object.entries(fields).filter(([key]) => !labels.has(key))
    line++
    return {
      ...Object.fromEntries(rest),
      ...(own.length > 0 && { 'logging.googleapis.com/labels': Object.fromEntries(own) }),
      'logging.googleapis.com/insertId': `${process}-${String(line).padStart(10, '0')}`,
    }
  }
}

function plain(value: unknown, stacks: boolean): unknown {
  if (!(value instanceof Error)) return forLog(value)
  const { code } = value as NodeJS.ErrnoException
  const cause = value.cause === undefined ? undefined : plain(value.cause, stacks)
  return {
    ...(code !== undefined && { code }),
    message: forLog(value.message),
    ...(stacks && { stack: value.stack && forStack(value.stack), cause }),
  }
}

/** `warn  orders: found 3 rows twice  run=... seq=3` */
function shorten(line: string): string {
  const { severity, time: _, message, err, ...fields } = JSON.parse(line) as Record<string, unknown>
  const label = severity === 'WARNING' ? 'warn' : String(severity).toLowerCase()
  const shown = Object.entries(fields)
    .filter(([key]) => !labels.has(key) && key !== 'code')
    .map(([key, value]) => `  ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return `${label.padEnd(5)}  ${String(message)}${shown.join('')}\n${showStack(err)}`
}

function showStack(error: unknown): string {
  const { stack, cause } = (error ?? {}) as { stack?: string; cause?: unknown }
  return !stack ? '' : `${stack}\n${showStack(cause)}`
}
