import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../free-port.ts'

export const queueName = 'projects/local/locations/europe-west4/queues/headrace'

const hasCargo = spawnSync('cargo', ['--version']).status === 0
if (!hasCargo && process.env['HEADRACE_REQUIRE_ALL']) throw new Error('cargo is needed here')
/** Why tests of the queue are left out, or false. */
export const skipTasks = hasCargo ? false : 'SKIPPED: there is no cargo to build the Cloud Tasks emulator with'

export interface TasksEmulator extends AsyncDisposable {
  readonly endpoint: string
}

/** The Cloud Tasks emulator with one queue, on a port of its own; it is built on first use, which takes minutes. */
export async function startTasks(): Promise<TasksEmulator> {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const child = spawn(join(import.meta.dirname, 'start.sh'), [String(port), queueName], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  while (!(await isUp(endpoint))) {
    if (child.exitCode !== null) throw new Error(`the Cloud Tasks emulator ended with ${child.exitCode}`)
    await setTimeout(50)
  }
  return {
    endpoint,
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'close')
      child.kill('SIGKILL')
      await gone
    },
  }
}

async function isUp(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(`${endpoint}/.well-known/openid-configuration`)).ok
  } catch {
    return false
  }
}
