import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** `HEADRACE_TEST_CLI` puts another one to the test, such as the built program. */
const cli = process.env['HEADRACE_TEST_CLI'] ?? join(import.meta.dirname, '../../src/cli.ts')

/** Compiled code is kept between the many starts of a test run. */
const compileCache = join(tmpdir(), 'headrace-test-compile-cache')

export interface CliResult {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Called with standard error as it comes, in pieces of any size. */
  readonly onStderr?: (text: string) => void
}

/** The command line as a real process. */
export interface CliProcess {
  kill(signal: NodeJS.Signals): void
  readonly result: Promise<CliResult>
}

export function startCli(args: readonly string[], { cwd, env = {}, onStderr }: CliOptions): CliProcess {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, NODE_COMPILE_CACHE: compileCache, ...env },
  })
  const result = new Promise<CliResult>((resolve, reject) => {
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      onStderr?.(text)
    })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return { kill: (signal) => void child.kill(signal), result }
}

export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return startCli(args, options).result
}
