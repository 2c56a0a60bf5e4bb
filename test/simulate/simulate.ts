import { type Counts, count, featuresOf } from './coverage.ts'
import { describeScenario } from './describe.ts'
import { generate } from './generate.ts'
import type { Scenario } from './scenario.ts'
import { shrink } from './shrink.ts'
import { type Tier, openStores } from './store.ts'
import { type Outcome, live } from './world.ts'

export interface Simulation {
  readonly seeds: number
  readonly counts: Counts
  /** The smallest scenario of each seed that failed, as text. */
  readonly failures: readonly string[]
}

export interface SimulationOptions {
  readonly seeds: readonly number[]
  readonly tier: Tier
  /** Only so many failures are made small; the rest are counted. */
  readonly shrinks: number
  readonly onFailure?: (text: string) => void
}

/** Lives through the scenarios of these seeds in this process. */
export async function simulate({ seeds, tier, shrinks, onFailure }: SimulationOptions): Promise<Simulation> {
  await using stores = await openStores({ bigquery: tier === 'bigquery' })
  let lives = 0
  const run = async (scenario: Scenario): Promise<Outcome> => {
    await using store = stores.create(tier, `s-${++lives}`)
    return live(scenario, tier, store)
  }
  const counts: Counts = {}
  const failures: string[] = []
  for (const seed of seeds) {
    const scenario = generate(seed)
    const outcome = await run(scenario)
    count(counts, featuresOf(scenario, outcome))
    const [violation] = outcome.violations
    if (!violation) continue
    const isSame = async (smaller: Scenario): Promise<boolean> =>
      (await run(smaller)).violations.some(({ kind }) => kind === violation.kind)
    const small = failures.length < shrinks ? await shrink(scenario, isSame) : undefined
    const text = small
      ? describeScenario(small, await run(small))
      : `seed ${seed}: ${outcome.violations.map(({ kind, what }) => `${kind} ${what}`).join(', ')}\n`
    failures.push(text)
    onFailure?.(text)
  }
  return { seeds: seeds.length, counts, failures }
}
