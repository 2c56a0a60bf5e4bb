import { CommanderError } from 'commander'
import type { Env } from '../run/app.ts'
import { type SyncError, toSyncError } from '../base/errors.ts'
import { exitCodeOf } from './exit-code.ts'
import { createProgram } from './program.ts'
import { forStack } from '../base/words/media.ts'
import { type Terminal, createTerminal, flush } from './terminal.ts'

export interface MainOptions {
  readonly args: readonly string[]
  readonly env: Env
  readonly version: string
}

/** Runs one command and resolves with the exit code, when everything is written. */
export async function main({ args, env, version }: MainOptions): Promise<number> {
  const options = args.slice(0, args.includes('--') ? args.indexOf('--') : undefined)
  const json = options.includes('--json')
  const terminal = createTerminal({ env, color: !options.includes('--no-color'), json })
  const failure = { json, terminal, stack: asksForStack(options, env) }
  quietWarnings(failure)
  process.once('uncaughtException', (error) => {
    const code = report(error, failure)
    flush().then(
      () => process.exit(code),
      () => process.exit(code),
    )
  })
  const code = await runProgram({ args, env, version }, terminal).catch((thrown: unknown) => report(thrown, failure))
  await flush()
  return code
}

async function runProgram({ args, env, version }: MainOptions, terminal: Terminal): Promise<number> {
  let code = 0
  const authMethods = args.includes('init') ? (await import('../connector/starter-auth.ts')).starterAuth : []
  const program = createProgram({ env, terminal, version, authMethods, exit: (found) => (code = found) })
  await program.parseAsync([...args], { from: 'user' })
  return code
}

interface Failure {
  readonly json: boolean
  readonly terminal: Terminal
  readonly stack: boolean
}

/** Says what went wrong in one sentence, and returns the exit code. */
function report(thrown: unknown, { json, terminal, stack }: Failure): number {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0
  const usage = thrown instanceof CommanderError
  // Without a command the whole help has been shown already.
  const helped = usage && thrown.code === 'commander.help'
  const error = usage
    ? { code: 'USAGE', message: describeUsage(helped ? 'no such command' : thrown.message) }
    : toSyncError(thrown)
  if (json) terminal.print(`${JSON.stringify({ error: { code: error.code, message: error.message } }, null, 2)}\n`)
  if (!terminal.silent && !helped) terminal.note(`${terminal.noteStyle('red', 'headrace:')} ${error.message}\n`)
  if (stack && !usage) terminal.note(describeStack(thrown))
  return usage ? 2 : exitCodeOf(error as SyncError)
}

/** Commander's `error: unknown option '--x'\n(Did you mean --y?)` as one sentence. */
function describeUsage(message: string): string {
  const [what = '', ...hint] = message.replace(/^error: /, '').split('\n')
  return `${what.replace(/\.$/, '').replace(' is invalid. expected', ': expected')}${hint.length > 0 ? ` ${hint.join(' ').replace('(Did', '(did')}` : ''}; headrace --help shows what there is.`
}

/** Node.js prints what a library warns of as it is, between the lines of our own; errors are said by whoever meets them. */
function quietWarnings({ terminal, stack }: Failure): void {
  process.removeAllListeners('warning')
  if (stack) process.on('warning', (warning) => terminal.note(describeStack(warning)))
}

function describeStack(thrown: unknown): string {
  if (!(thrown instanceof Error)) return ''
  return `${forStack(thrown.stack ?? thrown.message)}\n${describeStack(thrown.cause)}`
}

function asksForStack(args: readonly string[], env: Env): boolean {
  const at = args.findIndex((arg) => arg.startsWith('--log-level'))
  const level = at < 0 ? env['HEADRACE_LOG_LEVEL'] : (args[at]?.split('=')[1] ?? args[at + 1])
  return level === 'trace'
}
