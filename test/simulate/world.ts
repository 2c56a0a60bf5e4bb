import { type App, createApp } from '../../src/run/app.ts'
import { toSyncError } from '../../src/base/errors.ts'
import { continuationOf } from '../../src/run/continuation.ts'
import { runConnector } from '../../src/run/run.ts'
import type { RunRecord } from '../../src/destinations/run-record.ts'
import { type RunRequest, runRequest } from '../../src/destinations/run-request.ts'
import { spellBound, writeConnector } from './connector.ts'
import { SimulatedNetwork } from './dispatcher.ts'
import { Fate } from './kill.ts'
import { type Violation, excuses, judge } from './model.ts'
import { editConnector } from './normalize.ts'
import { type Answer, Provider } from './provider.ts'
import { createDice } from './random.ts'
import { Reality } from './reality.ts'
import type { Change, ConnectorSpec, Cut, Fault, Scenario, Step, TimedChange } from './scenario.ts'
import { epoch, hour } from './source.ts'
import type { Store, Tier } from './store.ts'

/** What one run of a scenario came to. */
export interface RunReport {
  readonly step: string
  readonly status: RunRecord['status'] | 'killed'
  readonly error?: { readonly code: string; readonly message: string }
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
  readonly requests: number
  readonly at: number
  /** Nothing changed, failed or was cut short meanwhile. */
  readonly quiet: boolean
}

export interface Outcome {
  readonly runs: readonly RunReport[]
  readonly violations: readonly Violation[]
}

interface Delivered {
  readonly request: RunRequest
  readonly record: RunRecord | undefined
  readonly delivery: string
}

interface RunOptions {
  readonly step: string
  readonly changes?: readonly TimedChange[]
  readonly faults?: readonly Fault[]
  readonly cut?: Cut | null
  readonly request?: Partial<RunRequest>
  readonly delivery?: string
}

/** Seconds; far more than a run takes in truth, so that no timer of this process ends one. */
const budget = 1500

/** Milliseconds that an answer takes. */
export const latencyOf = (cut: Cut | null, nth: number): number =>
  cut?.by === 'budget' && nth === cut.nth ? (budget + 1) * 1000 : 137

const app: App = createApp({}, { logLevel: 'silent' })

/** Lives through a scenario, then through quiet runs until the table must be right. */
export async function live(scenario: Scenario, tier: Tier, store: Store): Promise<Outcome> {
  const world = new SimulatedWorld(scenario, tier, store)
  for (const step of scenario.steps) await world.take(step)
  await world.rest()
  return world
}

class SimulatedWorld implements Outcome {
  readonly runs: RunReport[] = []
  readonly violations: Violation[] = []
  readonly #scenario: Scenario
  readonly #tier: Tier
  readonly #store: Store
  readonly #reality: Reality
  readonly #provider: Provider
  readonly #random: () => number
  #connector: ConnectorSpec
  #now = epoch
  /** The messages that were delivered, the newest first; of a process that was killed nobody has the record. */
  #delivered: readonly Delivered[] = []
  /** A listing may stand half read: what changes now changes under it. */
  #open = false

  constructor(scenario: Scenario, tier: Tier, store: Store) {
    this.#scenario = scenario
    this.#tier = tier
    this.#store = store
    this.#connector = scenario.connector
    this.#reality = new Reality(scenario.provider)
    const dice = createDice(scenario.seed + 1)
    this.#random = () => dice.next()
    this.#provider = new Provider(scenario.provider, {
      sourceOf: this.#reality.sourceOf,
      now: () => this.#now,
      slicesOf: (host) => this.#reality.slicesOf(this.#connector, host),
    })
  }

  async take(step: Step): Promise<void> {
    this.#now += 5000
    switch (step.do) {
      case 'run':
        return this.run({ ...step, step: describeCut(step.cut), request: { full_refresh: step.refresh } })
      case 'change':
        return this.#change(step.changes)
      case 'wait':
        this.#now += step.seconds * 1000
        return
      case 'edit':
        this.#connector = editConnector(this.#connector, step.edit, this.#scenario.provider)
        return
      case 'backfill':
        return this.#backfill(step)
      case 'redeliver':
        return this.#redeliver(step.back)
      case 'continue':
        return this.#continue(step)
    }
  }

  /** Quiet runs, until the table must be right; the refresh that a refused checkpoint calls for is one of them. */
  async rest(): Promise<void> {
    for (let count = 0; count < 2; count++) await this.run({ step: 'quiet' })
    if (this.runs.at(-1)?.error?.code !== 'STATE_MISMATCH') return
    await this.run({ step: 'refreshed', request: { full_refresh: true } })
    await this.run({ step: 'quiet' })
  }

  async #backfill({ hours, until, cut }: Extract<Step, { readonly do: 'backfill' }>): Promise<void> {
    const { incremental, write, slicing } = this.#connector
    if (!incremental || write === 'replace') return
    const now = (this.#now - epoch) / hour
    const [from, to] = [hours, until].map((ago) => spellBound(now - ago, this.#connector, this.#scenario.provider))
    // Parents have no cursor to go back by.
    const request = { from, until: to, ...(slicing === 'parents' && { streams: ['rows'] }) }
    if (from !== to) await this.run({ step: 'backfill', cut, request })
  }

  async #redeliver(back: number): Promise<void> {
    const message = this.#delivered[back]
    if (message) await this.run({ step: 'redelivered', ...message })
  }

  async #continue({ times, back }: Extract<Step, { readonly do: 'continue' }>): Promise<void> {
    const message = this.#delivered[back]
    const next = message?.record && continuationOf(message.request, message.record)
    if (!next) return
    const { run, seq } = next.request.continues ?? {}
    for (let count = 0; count < times; count++)
      await this.run({ step: 'continued', request: next.request, delivery: `${run}-${seq}` })
  }

  async run({
    step,
    changes = [],
    faults = [],
    cut = null,
    request: wanted = {},
    delivery,
  }: RunOptions): Promise<void> {
    const number = this.runs.length + 1
    const soft = new AbortController()
    const hard = new AbortController()
    const fate = new Fate(cut, () => (cut?.by === 'kill' ? hard : soft).abort())
    const pending = [...changes]
    const before = this.#reality.changes
    const wasOpen = this.#open
    let requests = 0

    const answer = async (url: URL): Promise<Answer> => {
      await fate.rest()
      return fate.pass('request', () => {
        requests++
        this.#now += latencyOf(cut, requests)
        const fault = faults.find((one) => one.request === requests - 1)
        const said = this.#provider.answer(url, fault?.kind, requests === 1)
        while (pending[0] && pending[0].after < requests) this.#change([pending.shift() as TimedChange])
        return Promise.resolve(said)
      })
    }
    const file = this.#store.writeFile(writeConnector(this.#store.name, this.#connector, this.#scenario.provider))
    const request = runRequest.parse({ ...wanted, connector: file, ...limitsOf(cut) })
    const mark = delivery ?? `message-${number}`
    const runId = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
    let record: RunRecord | undefined
    let thrown: unknown
    try {
      record = await runConnector(
        request,
        {
          ...app,
          effects: {
            now: () => this.#now,
            random: this.#random,
            sleep: async (ms) => void (this.#now += ms),
          },
          dispatcher: new SimulatedNetwork(answer),
          openDestination: async () => fate.wrap(await this.#store.open(), this.#scenario.batchAge),
        },
        { trigger: 'task', runId, delivery: mark, stop: { soft: soft.signal, hard: hard.signal } },
      )
    } catch (error) {
      thrown = error
    }
    await fate.rest()
    const answered = record !== undefined && record.run_id !== runId
    if (answered) return
    this.#delivered = [{ request, record: fate.killed ? undefined : record, delivery: mark }, ...this.#delivered]
    const quiet =
      changes.length === 0 && faults.length === 0 && cut === null && this.#reality.changes === before && !wasOpen
    this.#report({ step, record, thrown, fate, requests, quiet })
    const isBeside = request.from !== undefined
    if (!isBeside) this.#open = fate.killed || record?.status !== 'complete'
    const said = this.runs.at(-1) as RunReport
    const isClean = said.status === 'complete' && said.warnings.length === 0
    if (isClean && this.#reality.changes === before && !wasOpen && !wanted.streams && !isBeside)
      await this.#judge(runId)
  }

  #report(end: {
    readonly step: string
    readonly record: RunRecord | undefined
    readonly thrown: unknown
    readonly fate: Fate
    readonly requests: number
    readonly quiet: boolean
  }): void {
    const { step, record, thrown, fate, requests, quiet } = end
    const streams = record?.streams ?? []
    const error = thrown ? toSyncError(thrown) : (record?.error ?? streams.find((one) => one.error)?.error)
    this.runs.push({
      step,
      status: fate.killed ? 'killed' : (record?.status ?? 'failed'),
      ...(error && { error: { code: error.code, message: error.message } }),
      warnings: fate.killed ? [] : streams.flatMap(({ warnings }) => warnings),
      requests,
      at: this.#now,
      quiet,
    })
    if (fate.killed || !error || !['INTERNAL', 'DESTINATION_FAILED'].includes(error.code)) return
    this.violations.push({ kind: 'crash', what: `${error.code}: ${error.message}`, since: this.#now })
  }

  async #judge(run: string): Promise<void> {
    // Rows that a key takes for one are one.
    if (this.#connector.keyed && this.#connector.key === 'coarse') return
    const found = judge({
      connector: this.#connector,
      live: this.#reality.live(this.#connector),
      made: this.#reality.sourceOf(this.#connector.host).made,
      stored: await this.#store.read(),
      run,
      files: this.#tier === 'files',
    })
    const isExcused = (violation: Violation): boolean =>
      this.runs.some(({ at, warnings }) => warnings.some(({ code }) => excuses(code, at, violation)))
    this.violations.push(...found.filter((violation) => !isExcused(violation)))
  }

  #change(changes: readonly Change[]): void {
    for (const change of changes) {
      const now = this.#now + 7
      if (this.#reality.change(change, { connector: this.#connector, isOpen: this.#open, now })) this.#now = now
    }
  }
}

const describeCut = (cut: Cut | null): string => (cut ? `run, ${Object.values(cut).join(' ')}` : 'run')

export function limitsOf(cut: Cut | null): { readonly limit?: number; readonly budget_seconds?: number } {
  if (cut?.by === 'limit') return { limit: cut.rows }
  return cut?.by === 'budget' ? { budget_seconds: budget } : {}
}
