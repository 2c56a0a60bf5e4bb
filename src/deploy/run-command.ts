import { spawn } from 'node:child_process'
import { SyncError } from '../base/errors.ts'
import type { Command } from './resource.ts'

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export type RunCommand = (command: Command) => Promise<CommandResult>

/** Runs the Google Cloud CLI of this machine, in `cwd`. Throws `CONFIG_INVALID` where it is not installed. */
export function createRunCommand(cwd: string, env: Readonly<Record<string, string | undefined>>): RunCommand {
  return ({ program, args }) =>
    new Promise((resolve, reject) => {
      const options = { cwd, env: { ...env, CLOUDSDK_CORE_DISABLE_PROMPTS: '1' }, shell: process.platform === 'win32' }
      const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
      let stdout = ''
      let stderr = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
      child.once('error', (cause) => {
        const message = `${program} cannot be started: install the Google Cloud CLI (https://cloud.google.com/sdk/docs/install) and sign in with gcloud auth login.`
        reject(new SyncError('CONFIG_INVALID', message, { cause }))
      })
      child.once('close', (code) => resolve({ code: code ?? 1, stdout, stderr }))
    })
}

/** As a person would type it. */
export function formatCommand({ program, args }: Command): string {
  return [
    program,
    ...args.map((arg) => (/^[\w@%+=:,./^-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`)),
  ].join(' ')
}

/** Runs a command that must succeed. Throws `DEPLOYMENT_FAILED` with the CLI's own words. */
export async function runOrThrow(run: RunCommand, command: Command): Promise<string> {
  const { code, stdout, stderr } = await run(command)
  if (code === 0) return stdout
  const message = `${firstWords(stderr || stdout)} (of: ${formatCommand(command)})`
  throw new SyncError('DEPLOYMENT_FAILED', message, { details: { code } })
}

/** The state of something, or undefined where it is not there (or its API is not switched on yet). */
export async function readState(run: RunCommand, command: Command): Promise<unknown> {
  const { code, stdout, stderr } = await run(command)
  if (code === 0) return parseState(stdout, command)
  if (
    /NOT_FOUND|not found|could not be found|cannot find|does not exist|Unknown service account|SERVICE_DISABLED|has not been used in project/i.test(
      stderr + stdout,
    )
  )
    return undefined
  const message = `${firstWords(stderr || stdout)} (of: ${formatCommand(command)})`
  throw new SyncError('DEPLOYMENT_FAILED', message, { details: { code } })
}

function parseState(text: string, command: Command): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    const message = `${formatCommand(command)} did not print JSON; update the Google Cloud CLI (gcloud components update).`
    throw new SyncError('DEPLOYMENT_FAILED', message, { cause })
  }
}

/** The CLI's message without its prefix, on one line. */
function firstWords(text: string): string {
  const words = text
    .replaceAll(/\s+/g, ' ')
    .replace(/^ERROR: (?:\([\w.-]+\) )?/, '')
    .trim()
  return words.length > 400 ? `${words.slice(0, 400)}...` : words || 'The command failed without a word'
}
