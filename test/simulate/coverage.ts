import { type Scenario, changeKinds, editKeys, faultKinds, killPoints } from './scenario.ts'
import { spellings } from './spelling.ts'
import type { Outcome } from './world.ts'

/** How often something occurred, by name. */
export type Counts = Record<string, number>

/** What a scenario has in it, and how its runs ended: each name once a scenario, those of runs once a run. */
export function featuresOf({ provider, connector, steps }: Scenario, { runs }: Outcome): readonly string[] {
  const specs = [
    ...Object.entries(provider).filter(([key]) => !['rows', 'ties', 'size'].includes(key)),
    ...Object.entries({ ...connector, 'named key': connector.key }).filter(
      ([key]) => key !== 'slices' && key !== 'key',
    ),
  ].map(([key, value]) => `${key}: ${typeof value === 'number' ? (value === 0 ? 'none' : 'some') : value}`)
  const acts = steps.flatMap((step) => {
    if (step.do === 'change') return step.changes.map(({ kind }) => `change between runs: ${kind}`)
    if (step.do === 'edit') return [`edit: ${step.edit.key}`]
    if (step.do !== 'run') return [`step: ${step.do}`]
    return [
      ...step.changes.map(({ kind }) => `change while paged: ${kind}`),
      ...step.faults.map(({ kind }) => `fault: ${kind}`),
      ...(step.cut ? [`cut: ${step.cut.by === 'kill' ? `kill at ${step.cut.at}` : step.cut.by}`] : []),
      ...(step.refresh ? ['full refresh'] : []),
    ]
  })
  const ends = runs.map(({ status, error, warnings, quiet }) => {
    const words = warnings.length > 0 ? ` with ${[...new Set(warnings.map(({ code }) => code))].join(', ')}` : ''
    return `${quiet ? 'quiet run' : 'run'}: ${status}${error ? ` ${error.code}` : ''}${words}`
  })
  return [...new Set([...specs, ...acts]), ...ends]
}

export function count(counts: Counts, names: readonly string[]): void {
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
}

export function describeCounts(counts: Counts): string {
  const lines = Object.entries(counts).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return lines.map(([name, times]) => `${String(times).padStart(8)}  ${name}\n`).join('')
}

/** The share of quiet runs that ended without a word of doubt. */
export function cleanShare(counts: Counts): number {
  const quiet = Object.entries(counts).filter(([name]) => name.startsWith('quiet run'))
  const all = quiet.reduce((sum, [, times]) => sum + times, 0)
  return all === 0 ? 0 : (counts['quiet run: complete'] ?? 0) / all
}

/** What a simulation of any size must have in it. */
export const expectedFeatures: readonly string[] = [
  ...faultKinds.map((kind) => `fault: ${kind}`),
  ...Object.keys(spellings).map((name) => `spelling: ${name}`),
  ...['page', 'offset', 'token', 'link_header', 'link_body', 'keyset', 'none'].map((name) => `paging: ${name}`),
  ...['numbered', 'live', 'snapshot'].map((name) => `listing: ${name}`),
  ...['asc', 'desc', 'id', 'none'].map((name) => `order: ${name}`),
  ...['absent', 'right', 'high', 'low'].map((name) => `total: ${name}`),
  ...['rows', 'header', 'pages'].map((name) => `counts: ${name}`),
  ...['absent', 'right', 'text', 'inverted'].map((name) => `hasMore: ${name}`),
  ...['inclusive', 'exclusive', 'ignored'].map((name) => `since: ${name}`),
  ...['integer', 'text', 'big', 'composite', 'nested'].map((name) => `key: ${name}`),
  ...['append', 'merge', 'replace', 'scd2', 'insert_only'].map((name) => `write: ${name}`),
  ...['declared', 'auto', 'misspelt'].map((name) => `paginator: ${name}`),
  ...['none', 'soft', 'hard'].map((name) => `deletes: ${name}`),
  ...['none', 'partitions', 'parents'].map((name) => `slicing: ${name}`),
  ...changeKinds.flatMap((kind) => [`change while paged: ${kind}`, `change between runs: ${kind}`]),
  ...[...killPoints.map((point) => `kill at ${point}`), 'stop', 'limit', 'budget'].map((name) => `cut: ${name}`),
  ...editKeys.map((name) => `edit: ${name}`),
  ...['right', 'coarse', 'wide'].map((name) => `named key: ${name}`),
  ...['updated_at', 'booked_at'].map((name) => `cursor: ${name}`),
  ...['kept', 'dropped', 'renamed'].map((name) => `note: ${name}`),
  ...['null', 'slice', 'stream'].map((name) => `per: ${name}`),
  ...['start', 'end'].map((name) => `${name}: some`),
  ...['redeliver', 'continue', 'wait', 'backfill'].map((name) => `step: ${name}`),
  ...['empty', 'zero', 'null', 'future'].map((name) => `odd: ${name}`),
  'full refresh',
  'isoBounds: true',
  'declaresFormat: true',
  'lastToken: true',
  'shortPages: true',
  'maxPages: some',
  'skew: null',
  'skew: some',
]
