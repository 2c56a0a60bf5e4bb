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
  changeKinds,
  editKeys,
  faultKinds,
  hosts,
  killPoints,
} from './scenario.ts'
import { type SpellingName, spellings } from './spelling.ts'

/** Hours since the clock began: rows begin 72 before, and change from then on. */
const starts = [-80, -71, -24]
const ends = [-48, 0, 2]

const names = Object.keys(spellings) as SpellingName[]

type StepKind = Step['do']

/** How much goes wrong by itself. */
interface Mood {
  readonly faults: number
  readonly cuts: number
  /** Of which the steps are, besides the first. */
  readonly steps: readonly StepKind[]
  readonly most: number
  readonly provider: (dice: Dice) => Partial<ProviderSpec>
  readonly connector: (dice: Dice) => Partial<ConnectorSpec>
}

/** In a wild scenario so much fails that few edits of the file are ever put to the proof; a calm one gets that far. */
const moods: readonly Mood[] = [
  {
    faults: 0.35,
    cuts: 0.5,
    steps: ['run', 'run', 'run', 'run', 'change', 'redeliver', 'continue', 'edit', 'wait', 'backfill'],
    most: 5,
    provider: () => ({}),
    connector: () => ({}),
  },
  {
    faults: 0.05,
    cuts: 0.25,
    steps: ['run', 'run', 'change', 'change', 'redeliver', 'continue', 'edit', 'edit', 'edit', 'wait', 'backfill'],
    most: 7,
    provider: (dice) => ({
      total: dice.pick(['absent', 'right']),
      hasMore: 'right',
      since: dice.chance(0.85) ? 'inclusive' : 'ignored',
      skew: 0,
      rows: dice.int(1, 12),
    }),
    connector: (dice) => ({
      paginator: 'declared',
      maxPages: null,
      incremental: dice.chance(0.85),
      sends: dice.chance(0.85),
    }),
  },
]

/** The scenario of a seed: always the same one. */
export function generate(seed: number): Scenario {
  const dice = createDice(seed)
  const mood = dice.pick(moods)
  const provider = { ...makeProvider(dice), ...mood.provider(dice) }
  const connector = { ...makeConnector(dice, provider), ...mood.connector(dice) }
  const first = makeStep('run', dice, { mood, connector })
  const others = Array.from({ length: dice.int(0, mood.most) }, () =>
    makeStep(dice.pick(mood.steps), dice, { mood, connector }),
  )
  // A key that tells no rows apart is put right, as nothing can be said of the table before.
  const last: readonly Step[] = connector.key === 'coarse' ? [{ do: 'edit', edit: { key: 'key', value: 'right' } }] : []
  const steps = [first, ...others, ...last]
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
    total: dice.pick(['absent', 'right', 'right', 'right', 'high', 'low']),
    counts: dice.pick(['rows', 'rows', 'header', 'pages']),
    hasMore: dice.pick(['absent', 'right', 'right', 'text', 'inverted']),
    lastToken: dice.chance(0.15),
    shortPages: dice.chance(0.15),
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
    key: dice.chance(0.05) ? 'coarse' : dice.chance(0.05) ? 'wide' : 'right',
    incremental,
    cursor: dice.chance(0.08) ? 'booked_at' : 'updated_at',
    declaresFormat: dice.chance(0.5),
    start: dice.chance(0.15) ? dice.pick(starts) : null,
    end: dice.chance(0.1) ? dice.pick(ends) : null,
    isoBounds: dice.chance(0.5),
    sends: dice.chance(0.75),
    lookback: dice.pick([0, 0, 0, 60, 3600]),
    declaresOrder: dice.chance(0.6),
    paginator: dice.pick(['declared', 'declared', 'declared', 'declared', 'auto', 'misspelt']),
    declaresEnd: dice.chance(0.6),
    deletes: dice.pick(['none', 'soft', 'hard']),
    slicing: slices === 0 ? 'none' : dice.pick(['partitions', 'parents']),
    slices: named.slice(0, dice.int(1, Math.max(slices, 1))),
    per: dice.pick([null, null, 'slice', 'stream']),
    maxPages: dice.chance(0.06) ? dice.int(1, 4) : null,
    concurrency: dice.pick([1, 1, 4]),
    path: '',
    host: 'api',
    note: dice.chance(0.1) ? dice.pick(['dropped', 'renamed']) : 'kept',
  }
}

interface Context {
  readonly mood: Mood
  readonly connector: ConnectorSpec
}

function makeStep(kind: StepKind, dice: Dice, { mood, connector }: Context): Step {
  switch (kind) {
    case 'run':
      return {
        do: 'run',
        changes: some(dice, 0.5, 4, () => ({ after: dice.int(0, 8), ...makeChange(dice) })),
        faults: some(dice, mood.faults, 2, () => makeFault(dice)),
        cut: dice.chance(mood.cuts) ? makeCut(dice) : null,
        refresh: dice.chance(0.08),
      }
    case 'change':
      return { do: 'change', changes: some(dice, 1, 5, () => makeChange(dice)) }
    case 'redeliver':
      return { do: 'redeliver', back: makeBack(dice) }
    case 'continue':
      return { do: 'continue', times: dice.int(1, 2), back: makeBack(dice) }
    case 'edit':
      return { do: 'edit', edit: makeEdit(dice, connector) }
    case 'backfill':
      return {
        do: 'backfill',
        hours: dice.pick([1, 48, 100]),
        until: dice.pick([0, 0, 30]),
        cut: dice.chance(0.3) ? makeCut(dice) : null,
      }
    case 'wait':
      return { do: 'wait', seconds: dice.pick([1, 60, 7200, 100_000]) }
  }
}

function some<T>(dice: Dice, probability: number, most: number, make: () => T): readonly T[] {
  return dice.chance(probability) ? Array.from({ length: dice.int(1, most) }, make) : []
}

const makeChange = (dice: Dice): Change => ({
  kind: dice.pick(['insert', 'insert', 'update', 'update', 'delete', ...changeKinds]),
  row: dice.int(0, 40),
})

/** 0 for the last run. */
const makeBack = (dice: Dice): number => dice.pick([0, 0, 1, 2])

const makeFault = (dice: Dice): Fault => ({ kind: dice.pick(faultKinds), request: dice.int(0, 6) })

function makeCut(dice: Dice): Cut {
  switch (dice.pick(['kill', 'kill', 'stop', 'limit', 'budget'] as const)) {
    case 'kill':
      return {
        by: 'kill',
        at: dice.pick(['commit', ...killPoints]),
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
  const key = dice.pick(['slices', 'slices', ...editKeys] as const)
  switch (key) {
    case 'slices':
      return { key, value: dice.chance(0.7) ? [...slices, slices.length] : slices.slice(1) }
    case 'path':
      return { key, value: dice.pick(['', '/v2']) }
    case 'host':
      return { key, value: dice.pick(hosts) }
    case 'lookback':
      return { key, value: dice.pick([0, 60, 86_400]) }
    case 'write':
      return { key, value: dice.pick(['append', 'merge', 'replace', 'scd2', 'insert_only']) }
    case 'cursor':
      return { key, value: dice.pick(['updated_at', 'booked_at']) }
    case 'key':
      return { key, value: dice.pick(['right', 'wide']) }
    case 'note':
      return { key, value: dice.pick(['kept', 'dropped', 'renamed']) }
    case 'start':
      return { key, value: dice.pick([null, ...starts]) }
    case 'end':
      return { key, value: dice.pick([null, ...ends]) }
    case 'per':
      return { key, value: dice.pick([null, 'slice', 'stream']) }
    case 'deletes':
      return { key, value: dice.pick(['none', 'soft', 'hard']) }
  }
}
