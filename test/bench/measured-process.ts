import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What one process cost: CPU seconds of all its threads, wall seconds, peak resident bytes. */
export interface Usage {
  readonly cpu: number
  readonly wall: number
  readonly peak: number
}

export interface Measured extends Usage {
  readonly stdout: string
}

/** Loaded into the measured process; writes its figures when it exits. Plain JavaScript in a URL, so that it costs nothing to speak of. */
const probe = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync, writeFileSync } from 'node:fs'
  process.on('exit', () => {
    const usage = process.resourceUsage()
    let peak = usage.maxRSS * 1024
    try { peak = Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024 } catch {}
    writeFileSync(process.env.BENCH_USAGE, JSON.stringify({ cpu: (usage.userCPUTime + usage.systemCPUTime) / 1e6, peak }))
  })`)}`

export interface NodeRun {
  readonly script: string
  readonly args: readonly string[]
  readonly nodeArgs?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a Node script to its end and measures it. Throws with its stderr where it fails. */
export async function measureNode({ script, args, nodeArgs = [], env = {} }: NodeRun): Promise<Measured> {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-bench-'))
  const usageFile = join(dir, 'usage.json')
  try {
    const started = performance.now()
    const stdout = await collectOutput(process.execPath, [...nodeArgs, '--import', probe, script, ...args], {
      ...env,
      BENCH_USAGE: usageFile,
    })
    const wall = (performance.now() - started) / 1000
    return { ...(JSON.parse(readFileSync(usageFile, 'utf8')) as { cpu: number; peak: number }), wall, stdout }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** The standard output of a command. Throws where it does not exit with 0. */
export function collectOutput(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4_000)))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(stdout)
      reject(new Error(`${args.slice(-6).join(' ')} ended with ${code ?? signal}\n${stderr}${stdout.slice(-2_000)}`))
    })
  })
}
