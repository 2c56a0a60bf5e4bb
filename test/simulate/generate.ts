import { type Dice, createDice } from './random.ts'
import { normalize } from './normalize.ts'
import {
  type Change,
  type ConnectorSpec,
  type Cut,
  type Edit,
  type Fault,
  type ProviderSpec,
  type Scenario,
  type Step,
  faultKinds,
} from './scenario.ts'
import { type SpellingName, spellings } from './spelling.ts'

const names = Object.keys(spellings) as SpellingName[]

/** The scenario of a seed: always the same one. */
export function generate(seed: number): Scenario {
  const dice = createDice(seed)
  const provider = makeProvider(dice)
  const connector = makeConnector(dice, provider)
  const steps = Array.from({ length: dice.int(1, 6) }, () => makeStep(dice, connector))
  return normalize({ seed, provider, connector, steps, batchAge: dice.pick([0, 300, 5000]) })
}

function makeProvider(dice: Dice): ProviderSpec {
  const paging = dice.pick(['page', 'offset', 'token', 'token', 'link_header', 'link_body', 'keyset', 'none'] as const)
  return {
    paging,
    listing:
      paging === 'page' || paging === 'offset' ? 'numbered' : dice.pick(['numbered', 'live', 'live', 'snapshot']),
    size: dice.pick([1, 2, 3, 5, 10]),
    order: dice.pick(['asc', 'asc', 'desc', 'id', 'none']),
    envelope: dice.pick(['data', 'data', 'nested', 'bare']),
    total: dice.pick(['absent', 'right', 'right', 'high']),
    hasMore: dice.pick(['absent', 'right', 'right', 'text', 'inverted']),
    lastToken: dice.chance(0.15),
    since: dice.pick(['inclusive', 'inclusive', 'exclusive', 'ignored']),
    spelling: dice.chance(0.4) ? 'milliseconds' : dice.pick(names),
    key: dice.pick(['integer', 'integer', 'text', 'big', 'composite', 'nested']),
    skew: dice.pick([0, 0, null, -30, 20]),
    slices: dice.chance(0.3) ? dice.int(1, 4) : 0,
    rows: dice.pick([0, 1, 3, 8, 12, 20, 30]),
    odd: dice.chance(0.12) ? dice.pick(['empty', 'zero', 'null', 'future']) : 'none',
    ties: dice.pick([1, 1, 1, 3, 7]),
  }
}

function makeConnector(dice: Dice, { slices }: ProviderSpec): ConnectorSpec {
  const incremental = dice.chance(0.65)
  const named = Array.from({ length: slices }, (_, index) => index)
  return {
    write: dice.pick(['append', 'append', 'merge', 'merge', 'merge', 'replace', 'scd2', 'insert_only']),
    keyed: dice.chance(0.5),
    incremental,
    sends: dice.chance(0.75),
    lookback: dice.pick([0, 0, 0, 60, 3600]),
    declaresOrder: dice.chance(0.6),
    paginator: dice.pick(['declared', 'declared', 'declared', 'declared', 'auto', 'misspelt']),
    declaresEnd: dice.chance(0.6),
    deletes: dice.pick(['none', 'soft', 'hard']),
    slicing: slices === 0 ? 'none' : dice.pick(['partitions', 'parents']),
    slices: named.slice(0, dice.int(1, Math.max(slices, 1))),
    maxPages: dice.chance(0.06) ? dice.int(1, 4) : null,
    concurrency: dice.pick([1, 1, 4]),
    path: '',
  }
}

function makeStep(dice: Dice, connector: ConnectorSpec): Step {
  switch (
    dice.pick(['run', 'run', 'run', 'run', 'change', 'redeliver', 'continue', 'edit', 'wait', 'backfill'] as const)
  ) {
    case 'run':
      return {
        do: 'run',
        changes: some(dice, 0.5, 4, () => ({ after: dice.int(0, 8), ...makeChange(dice) })),
        faults: some(dice, 0.35, 2, () => makeFault(dice)),
        cut: dice.chance(0.5) ? makeCut(dice) : null,
        refresh: dice.chance(0.08),
      }
    case 'change':
      return { do: 'change', changes: some(dice, 1, 5, () => makeChange(dice)) }
    case 'redeliver':
      return { do: 'redeliver' }
    case 'continue':
      return { do: 'continue', times: dice.int(1, 2) }
    case 'edit':
      return { do: 'edit', edit: makeEdit(dice, connector) }
    case 'backfill':
      return { do: 'backfill', hours: dice.pick([1, 48, 100]), cut: dice.chance(0.3) ? makeCut(dice) : null }
    case 'wait':
      return { do: 'wait', seconds: dice.pick([1, 60, 7200, 100_000]) }
  }
}

function some<T>(dice: Dice, probability: number, most: number, make: () => T): readonly T[] {
  return dice.chance(probability) ? Array.from({ length: dice.int(1, most) }, make) : []
}

const makeChange = (dice: Dice): Change => ({
  kind: dice.pick(['insert', 'insert', 'update', 'update', 'delete', 'late']),
  row: dice.int(0, 40),
})

const makeFault = (dice: Dice): Fault => ({ kind: dice.pick(faultKinds), request: dice.int(0, 6) })

function makeCut(dice: Dice): Cut {
  switch (dice.pick(['kill', 'kill', 'stop', 'limit', 'budget'] as const)) {
    case 'kill':
      return {
        by: 'kill',
        at: dice.pick(['request', 'commit', 'commit', 'record']),
        nth: dice.int(1, 5),
        after: dice.chance(0.5),
      }
    case 'stop':
      return { by: 'stop', nth: dice.int(1, 6) }
    case 'limit':
      return { by: 'limit', rows: dice.int(1, 12) }
    case 'budget':
      return { by: 'budget', nth: dice.int(1, 6) }
  }
}

function makeEdit(dice: Dice, { slices }: ConnectorSpec): Edit {
  switch (dice.pick(['slices', 'slices', 'lookback', 'write', 'path'] as const)) {
    case 'slices':
      return { key: 'slices', value: dice.chance(0.7) ? [...slices, slices.length] : slices.slice(1) }
    case 'path':
      return { key: 'path', value: dice.pick(['', '/v2']) }
    case 'lookback':
      return { key: 'lookback', value: dice.pick([0, 60, 86_400]) }
    case 'write':
      return { key: 'write', value: dice.pick(['append', 'merge', 'replace']) }
  }
}
