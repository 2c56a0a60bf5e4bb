import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../free-port.ts'

/** A BigQuery of its own on this machine, at an address that stays. */
export interface Emulator extends AsyncDisposable {
  readonly endpoint: string
  /** Begins again with nothing: each statement takes the emulator longer, the more tables it has seen. */
  renew(): Promise<void>
}

interface Process extends AsyncDisposable {
  readonly port: number
}

const found = spawnSync(
  'bash',
  [
    '-c',
    `for p in python3.13 "${homedir()}"/.pyenv/versions/3.13*/bin/python3.13; do "$p" -c 'import venv' && exit 0; done; exit 1`,
  ],
  { stdio: 'ignore' },
)
const isHere = process.platform === 'linux' && process.arch === 'x64' && found.status === 0
if (!isHere && process.env['HEADRACE_REQUIRE_ALL'])
  throw new Error('Python 3.13 on Linux x86-64 is needed here for the BigQuery emulator')

/** Why tests that need the emulator cannot run here; false where they can. */
export const skipBigquery = isHere
  ? false
  : 'SKIPPED: there is no Python 3.13 on Linux x86-64 for the BigQuery emulator'

export async function startEmulator(): Promise<Emulator> {
  let behind = await startProcess()
  const front = createServer((socket) => {
    const upstream = connect(behind.port, '127.0.0.1')
    socket.pipe(upstream).pipe(socket)
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
  }).listen(0, '127.0.0.1')
  await once(front, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    async renew() {
      const before = behind
      behind = await startProcess()
      await before[Symbol.asyncDispose]()
    },
    async [Symbol.asyncDispose]() {
      front.close()
      await behind[Symbol.asyncDispose]()
    },
  }
}

/** On ports that are free; ended by its process id. */
async function startProcess(): Promise<Process> {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-bigquery-'))
  const [port, grpcPort] = [await freePort(), await freePort()]
  const script = join(import.meta.dirname, 'start.sh')
  const child = spawn(script, [String(port), String(grpcPort), join(dir, 'data')], {
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)))
  try {
    await untilAnswering(`http://127.0.0.1:${port}/bigquery/v2/projects/local/datasets`, child)
  } catch (cause) {
    child.kill('SIGKILL')
    throw new Error(`the BigQuery emulator did not start: ${said}`, { cause })
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('close', resolve))
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await ended
      }
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** The first start installs it, which takes a minute. */
async function untilAnswering(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 3_000; tries += 1) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`)
    const answer = await fetch(url).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok) return
    await setTimeout(100)
  }
  throw new Error('it did not answer in time')
}
