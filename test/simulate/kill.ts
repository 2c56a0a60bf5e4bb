import type { Destination, TableWriter } from '../../src/destinations/destination.ts'
import type { Cut, KillPoint } from './scenario.ts'

/** Counts what a run does, and ends it where the scenario says: nothing happens behind that. */
export class Fate {
  killed = false
  readonly #cut: Cut | null
  readonly #stop: () => void
  readonly #counts = { read: 0, request: 0, open: 0, commit: 0, record: 0 }
  #busy: Promise<unknown> = Promise.resolve()

  /** `stop` asks the run to come to an end. */
  constructor(cut: Cut | null, stop: () => void) {
    this.#cut = cut
    this.#stop = stop
  }

  /** Resolves once the destination is at rest, so that the order of what happens depends on nothing but the scenario. */
  async rest(): Promise<void> {
    for (let before; before !== this.#busy;) {
      before = this.#busy
      await before.catch(() => undefined)
    }
  }

  /** Does `work` unless the process is dead before or behind it. */
  async pass<T>(at: KillPoint, work: () => Promise<T>): Promise<T> {
    this.alive()
    const nth = ++this.#counts[at]
    const isStop = this.#cut?.by === 'stop' && at === 'request' && nth === this.#cut.nth
    if (isStop) this.#stop()
    const kill = this.#cut?.by === 'kill' && this.#cut.at === at && this.#cut.nth === nth ? this.#cut : undefined
    if (kill && !kill.after) this.#kill()
    const result = await work()
    if (kill) this.#kill()
    return result
  }

  alive(): void {
    if (this.killed) throw new Error('the process was killed')
  }

  wrap(destination: Destination, batchAge: number): Destination {
    return {
      ...destination,
      batchAge,
      ...this.#guard(destination),
      openTable: (plan) =>
        this.#work(() => this.pass('open', async () => this.#wrapTable(await destination.openTable(plan)))),
      saveRun: (run) => this.#work(() => this.pass('record', () => destination.saveRun(run))),
      [Symbol.asyncDispose]: () => destination[Symbol.asyncDispose](),
    }
  }

  /** The reading methods, as long as the process lives. */
  #guard(destination: Destination): Pick<Destination, 'readPosition' | 'readSlices' | 'recentRuns' | 'positions'> {
    const guarded = <T>(work: () => Promise<T>): Promise<T> => this.#work(() => this.pass('read', work))
    return {
      readPosition: (stream) => guarded(() => destination.readPosition(stream)),
      readSlices: (stream, without, staged) => guarded(() => destination.readSlices(stream, without, staged)),
      recentRuns: (limit, filter) => guarded(() => destination.recentRuns(limit, filter)),
      positions: () => guarded(() => destination.positions()),
    }
  }

  #wrapTable(table: TableWriter): TableWriter {
    return {
      ...table,
      append: (batch) => this.#work(() => this.pass('commit', () => table.append(batch))),
      [Symbol.asyncDispose]: () => table[Symbol.asyncDispose](),
    }
  }

  #work<T>(task: () => Promise<T>): Promise<T> {
    const work = task()
    this.#busy = Promise.allSettled([this.#busy, work])
    return work
  }

  #kill(): never {
    this.killed = true
    this.#stop()
    return this.alive() as never
  }
}
