import { normalize } from './normalize.ts'
import type { ConnectorSpec, ProviderSpec, Scenario, Step } from './scenario.ts'

/** The plainest provider and connector: what a scenario still needs to fail differs from them. */
export const plainProvider: ProviderSpec = {
  paging: 'page',
  listing: 'numbered',
  size: 2,
  order: 'asc',
  envelope: 'data',
  total: 'absent',
  counts: 'rows',
  hasMore: 'absent',
  lastToken: false,
  shortPages: false,
  since: 'inclusive',
  spelling: 'milliseconds',
  key: 'integer',
  skew: 0,
  slices: 0,
  rows: 3,
  odd: 'none',
  ties: 1,
}

export const plainConnector: ConnectorSpec = {
  write: 'merge',
  keyed: true,
  key: 'right',
  incremental: false,
  cursor: 'updated_at',
  declaresFormat: false,
  start: null,
  end: null,
  isoBounds: false,
  sends: false,
  lookback: 0,
  declaresOrder: false,
  paginator: 'declared',
  declaresEnd: false,
  deletes: 'none',
  slicing: 'none',
  slices: [],
  per: null,
  maxPages: null,
  concurrency: 1,
  path: '',
  host: 'api',
  note: 'kept',
}

/** At most so many smaller scenarios are tried. */
const mostTries = 300

/** The smallest scenario found that still fails; `fails` is asked of ever smaller ones. */
export async function shrink(scenario: Scenario, fails: (smaller: Scenario) => Promise<boolean>): Promise<Scenario> {
  let best = scenario
  let tries = 0
  const tried = new Set([JSON.stringify(scenario)])
  for (let progress = true; progress;) {
    progress = false
    for (const candidate of smallerThan(best)) {
      const normal = normalize(candidate)
      const key = JSON.stringify(normal)
      if (tried.has(key)) continue
      tried.add(key)
      if (++tries > mostTries) return best
      if (await fails(normal)) {
        best = normal
        progress = true
        break
      }
    }
  }
  return best
}

function* smallerThan(scenario: Scenario): Generator<Scenario, void, undefined> {
  const { steps, provider, connector } = scenario
  for (let index = 0; index < steps.length; index++) yield { ...scenario, steps: steps.toSpliced(index, 1) }
  yield { ...scenario, batchAge: 0 }
  for (const plain of plainer(provider, plainProvider)) yield { ...scenario, provider: plain }
  for (const plain of plainer(connector, plainConnector)) yield { ...scenario, connector: plain }
  for (const rows of [1, 2, 5, Math.floor(provider.rows / 2), provider.rows - 1])
    if (rows >= 0 && rows < provider.rows) yield { ...scenario, provider: { ...provider, rows } }
  for (const [index, step] of steps.entries())
    for (const smaller of smallerSteps(step)) yield { ...scenario, steps: steps.with(index, smaller) }
}

function* plainer<T extends object>(given: T, plain: T): Generator<T, void, undefined> {
  for (const key of Object.keys(plain) as (keyof T)[])
    if (JSON.stringify(given[key]) !== JSON.stringify(plain[key])) yield { ...given, [key]: plain[key] }
}

function* smallerSteps(step: Step): Generator<Step, void, undefined> {
  if (step.do === 'change')
    for (let index = 0; index < step.changes.length; index++)
      yield { ...step, changes: step.changes.toSpliced(index, 1) }
  if ((step.do === 'redeliver' || step.do === 'continue') && step.back > 0) yield { ...step, back: 0 }
  if (step.do === 'continue' && step.times > 1) yield { ...step, times: 1 }
  if (step.do === 'backfill' && step.cut) yield { ...step, cut: null }
  if (step.do !== 'run') return
  if (step.cut) yield { ...step, cut: null }
  if (step.refresh) yield { ...step, refresh: false }
  for (let index = 0; index < step.changes.length; index++) yield { ...step, changes: step.changes.toSpliced(index, 1) }
  for (let index = 0; index < step.faults.length; index++) yield { ...step, faults: step.faults.toSpliced(index, 1) }
}
