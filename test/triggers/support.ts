import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { join } from 'node:path'
import { cliPath, plainEnv } from '../cli/support.ts'
import { freePort } from '../support/free-port.ts'

const root = join(import.meta.dirname, '../..')
const framework = join(root, 'node_modules/@google-cloud/functions-framework/build/src/main.js')

export interface FunctionProcess extends AsyncDisposable {
  readonly url: string
  readonly child: ChildProcess
  /** What it wrote to standard error so far. */
  stderr(): string
}

export interface FunctionOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Where the environment has to name it; a free one otherwise. */
  readonly port?: number
}

/** The function under the real functions framework. */
export const startFunction = (options: FunctionOptions): Promise<FunctionProcess> =>
  start(
    (port) => [framework, '--source', join(root, 'src/function.ts'), '--target', 'headrace', '--port', port],
    options,
  )

/** The function for events under the real functions framework; it has no `/healthz`, so it is up once its port is. */
export const startEventFunction = (options: FunctionOptions): Promise<FunctionProcess> =>
  start(
    (port) => [framework, '--source', join(root, 'src/function.ts'), '--target', 'headrace-event', '--port', port],
    { ...options, env: { K_SERVICE: 'etl', ...options.env } },
    listens,
  )

/** The same by `headrace serve`. */
export const startServe = (options: FunctionOptions): Promise<FunctionProcess> =>
  start((port) => [cliPath, 'serve', '--port', port], options)

async function start(
  args: (port: string) => string[],
  { cwd, env, port: wanted }: FunctionOptions,
  isUp: (url: string) => Promise<boolean> = isHealthy,
): Promise<FunctionProcess> {
  const port = wanted ?? (await freePort())
  const url = `http://127.0.0.1:${port}`
  const child = spawn(process.execPath, args(String(port)), {
    cwd,
    env: { ...plainEnv, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  while (!(await isUp(url))) {
    if (child.exitCode !== null) throw new Error(`the function ended with ${child.exitCode}: ${stderr}`)
    await setTimeout(20)
  }
  return {
    url,
    child,
    stderr: () => stderr,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'close')
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** Whether anything answers there, whatever it says. */
async function listens(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).text()
    return true
  } catch {
    return false
  }
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok
  } catch {
    return false
  }
}
