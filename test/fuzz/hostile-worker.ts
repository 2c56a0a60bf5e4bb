import { parentPort, workerData } from 'node:worker_threads'
import { SyncError } from '../../src/base/errors.ts'
import { readers } from './readers.ts'

interface Work {
  readonly pieces: readonly string[]
  readonly names: readonly string[]
  readonly length: number
}

const { pieces, names, length } = workerData as Work

/** Seconds of this thread's own work for one text: far more than a straight way through it takes. */
const most = 5

/** Says what it is about to read, so that whoever waits knows what it hangs in, and what went wrong. */
for (const name of names) {
  for (const piece of pieces) {
    parentPort?.postMessage({ name, piece })
    const before = process.threadCpuUsage()
    try {
      await readers[name]?.(piece.repeat(Math.ceil(length / piece.length)))
    } catch (thrown) {
      if (!(thrown instanceof SyncError) || thrown.code === 'INTERNAL')
        parentPort?.postMessage({ name, piece, wrong: String(thrown).slice(0, 200) })
    }
    const { user, system } = process.threadCpuUsage(before)
    const seconds = (user + system) / 1e6
    if (seconds > most) parentPort?.postMessage({ name, piece, wrong: `took ${seconds.toFixed(0)} s of work` })
  }
}
