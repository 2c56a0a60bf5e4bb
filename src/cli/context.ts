import type { App, AppOptions, Env } from '../run/app.ts'
import type { LogLevel } from '../base/log.ts'
import { forJson } from '../base/words/media.ts'
import type { Terminal } from './terminal.ts'

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: true
  readonly quiet?: true
  readonly logLevel?: LogLevel
  readonly connectors?: string
}

/** What a command works with. */
export interface CommandContext {
  readonly env: Env
  readonly terminal: Terminal
  readonly globals: GlobalOptions
}

/** The app of one command; its log lines go where `write` says, above the live lines if there are any. */
export async function createCommandApp(
  { env, terminal, globals }: CommandContext,
  write: (line: string) => void = terminal.note,
): Promise<App> {
  const { createApp, parseLogLevel } = await import('../run/app.ts')
  const level = globals.logLevel ?? parseLogLevel(env['HEADRACE_LOG_LEVEL'], 'HEADRACE_LOG_LEVEL')
  const options: AppOptions = {
    logLevel: level ?? (terminal.silent ? 'silent' : globals.quiet ? 'error' : 'warn'),
    logFormat: 'short',
    connectorsDir: globals.connectors,
    writeLog: write,
  }
  return createApp(env, options)
}

/** Text as one JSON document, every string in it free of known secrets. */
export function toJson(value: unknown, redact: (text: string) => string = (text) => text): string {
  const text = JSON.stringify(
    value,
    (_, inner: unknown) =>
      typeof inner === 'string' ? redact(inner) : typeof inner === 'bigint' ? inner.toString() : inner,
    2,
  )
  return `${forJson(text)}\n`
}
