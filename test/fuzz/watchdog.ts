import { Worker } from 'node:worker_threads'

export interface Watch extends Disposable {
  /** Called with each case, as JSON where it can be told. */
  readonly alive: (input: unknown) => void
}

/**
 * Ends the process, and says in which case, once a single one has taken a minute of its work: what never comes back
 * cannot be stopped from within.
 */
export function watch(name: string): Watch {
  const worker = new Worker(new URL('./watchdog-worker.ts', import.meta.url), { workerData: name })
  worker.unref()
  return {
    alive: (input) => worker.postMessage(input),
    [Symbol.dispose]: () => void worker.terminate(),
  }
}
