import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const root = join(import.meta.dirname, '../..')
const framework = join(root, 'node_modules/@google-cloud/functions-framework/build/src/main.js')

/** From spawn to the first 200: wall and CPU, milliseconds. */
export interface ColdStart {
  readonly wall: number
  readonly cpu: number
}

export type Start = () => Promise<ColdStart>

/** The built function under the functions framework; undefined where nothing is built. */
export function headraceFunction(): Start | undefined {
  const main = findBuilt('function.js')
  return main === undefined
    ? undefined
    : () => measureStart([framework, '--source', main, '--target', 'headrace'], '/healthz')
}

/** The built `headrace serve`, with `env` beside the environment. */
export function startServing(env: Readonly<Record<string, string>>): Promise<RunningFunction> | undefined {
  const cli = findBuilt('cli.js')
  return cli === undefined ? undefined : startFunction([cli, 'serve'], '/healthz', env)
}

function findBuilt(name: string): string | undefined {
  const built = join(root, 'dist', name)
  return existsSync(built) ? built : undefined
}

/** A function that does nothing, under the same framework. */
export async function measureEmpty(): Promise<ColdStart> {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-bench-'))
  try {
    const code = `import { http } from ${JSON.stringify(`file://${join(root, 'node_modules/@google-cloud/functions-framework/build/src/index.js')}`)}
http('empty', (request, response) => response.send('ok'))\n`
    writeFileSync(join(dir, 'package.json'), '{"type":"module","main":"index.js"}')
    writeFileSync(join(dir, 'index.js'), code)
    return await measureStart([framework, '--source', dir, '--target', 'empty'], '/')
  } finally {
    rmSync(dir, { recursive: true })
  }
}

async function measureStart(args: readonly string[], path: string): Promise<ColdStart> {
  const started = performance.now()
  await using running = await startFunction(args, path)
  return { wall: performance.now() - started, cpu: running.cpu() }
}

/** A function that has answered once. */
export interface RunningFunction extends AsyncDisposable {
  readonly url: string
  /** CPU milliseconds of all live threads so far. */
  cpu(): number
  /** Resolves once it does nothing more of its own. */
  settle(): Promise<void>
}

async function startFunction(
  args: readonly string[],
  path: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningFunction> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const started = performance.now()
  const child = spawn(process.execPath, [...args, '--port', String(port)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HEADRACE_INBOUND: 'none', NODE_ENV: 'production', ...env },
  })
  let words = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words += text))
  const stop = async () => {
    const gone = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGKILL')
    await gone
  }
  try {
    while (!(await answers(`${url}${path}`))) {
      if (child.exitCode !== null) throw new Error(`the function ended with ${child.exitCode}\n${words}`)
      if (performance.now() - started > 30_000) throw new Error(`no answer within 30 s\n${words}`)
      await setTimeout(2)
    }
  } catch (thrown) {
    await stop()
    throw thrown
  }
  return { url, cpu: () => cpuMs(child), settle: () => settle(child), [Symbol.asyncDispose]: stop }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { headers: { connection: 'close' } })
    await response.text()
    return response.ok
  } catch {
    return false
  }
}

/** CPU of all live threads so far, from the scheduler's own nanosecond counters (Linux); NaN elsewhere. */
function cpuMs(child: ChildProcess): number {
  const tasks = `/proc/${child.pid}/task`
  if (!existsSync(tasks)) return Number.NaN
  const nanoseconds = readdirSync(tasks).map((task) =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, part) => sum + part, 0) / 1e6
}

/** Idle is who takes less than a hundredth of a CPU for four seconds: no pause of ours is longer. */
async function settle(child: ChildProcess): Promise<void> {
  for (let idle = 0, last = cpuMs(child); idle < 4;) {
    await setTimeout(1_000)
    const now = cpuMs(child)
    idle = now - last >= 10 ? 0 : idle + 1
    last = now
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
