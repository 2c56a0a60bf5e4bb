import type { Change, ConnectorSpec, Fault, ProviderSpec, Scenario, Step, TimedChange } from './scenario.ts'
import { spellingOf } from './spelling.ts'

/**
 * Takes out of a scenario what no reader could ever notice: a loss that neither an answer, nor the connector file, nor
 * the commit log reveals proves nothing. A scenario that is normal already stays as it is.
 */
export function normalize(scenario: Scenario): Scenario {
  const provider = normalizeProvider(scenario.provider)
  const connector = normalizeConnector(scenario.connector, provider)
  const kinds = allowedChanges(provider, connector)
  const steps = scenario.steps.map((step) => normalizeStep(step, { provider, connector, kinds }))
  return { ...scenario, provider, connector, steps }
}

function normalizeProvider(given: ProviderSpec): ProviderSpec {
  const { unit, counts } = spellingOf(given.spelling)
  const isBare = given.envelope === 'bare'
  // A key that has two parts, or none that counts up by itself, is nothing to go on by.
  const key = given.paging === 'keyset' && !['integer', 'nested'].includes(given.key) ? 'integer' : given.key
  const envelope = isBare && (given.paging === 'token' || given.paging === 'link_body') ? 'data' : given.envelope
  return {
    ...given,
    key,
    envelope,
    listing: given.paging === 'page' || given.paging === 'offset' ? 'numbered' : given.listing,
    order: given.paging === 'keyset' ? 'id' : given.order,
    total: envelope === 'bare' ? 'absent' : given.total,
    hasMore: envelope === 'bare' ? 'absent' : given.hasMore,
    // Rows of one moment, of which some show after the cursor has reached it, never come again.
    since: given.since === 'exclusive' && (unit > 1 || given.ties > 1) ? 'inclusive' : given.since,
    // What orders pages must be there, and a cursor that only counts has no future.
    odd: given.order === 'asc' || given.order === 'desc' || unit > second || counts ? 'none' : given.odd,
    lastToken: given.lastToken && ['token', 'link_header', 'link_body'].includes(given.paging),
  }
}

const second = 1000

/** Makes a connector file of it that fits the provider, and that no check refuses. */
export function normalizeConnector(given: ConnectorSpec, provider: ProviderSpec): ConnectorSpec {
  const { paging, slices } = provider
  const needsKey = given.write === 'merge' || given.write === 'insert_only' || given.write === 'scd2'
  const incremental = given.incremental && given.write !== 'replace'
  const deletes =
    needsKey && given.write !== 'insert_only' && !incremental && given.paginator !== 'auto' && given.maxPages === null
      ? given.deletes
      : 'none'
  // A clock that is ahead makes the cursor pass what changes meanwhile.
  const lead = (provider.skew ?? 0) > 0 ? (provider.skew ?? 0) + 5 : 0
  const existing = given.slices.filter((slice) => slice < slices)
  return {
    ...given,
    // Who appends by key takes a row of a known key and cursor for the known one, whatever else has changed in it.
    keyed: needsKey || (given.keyed && (given.write !== 'append' || spellingOf(provider.spelling).unit === 1)),
    incremental,
    sends: given.sends && incremental,
    lookback: incremental ? Math.max(given.lookback, lead) : 0,
    deletes,
    paginator: normalizePaginator(given, provider),
    maxPages: incremental || paging === 'none' ? null : given.maxPages,
    slicing: slices === 0 ? 'none' : given.slicing === 'none' ? 'partitions' : given.slicing,
    slices: existing.length > 0 ? existing : [0].slice(0, slices),
  }
}

function normalizePaginator(given: ConnectorSpec, provider: ProviderSpec): ConnectorSpec['paginator'] {
  const { paging, total, hasMore } = provider
  const isLinked = paging === 'token' || paging === 'link_header' || paging === 'link_body'
  if (paging === 'none' && given.paginator === 'misspelt') return 'declared'
  if (isLinked) return given.paginator
  const says = total === 'right' || hasMore === 'right' || hasMore === 'inverted'
  // A page that leads nowhere and counts nothing is all there is.
  if (given.paginator === 'auto') return says ? 'auto' : 'declared'
  return given.paginator === 'misspelt' && !given.declaresEnd ? 'declared' : given.paginator
}

type Kinds = ReadonlySet<Change['kind']>

interface Allowed {
  /** While a listing is read. */
  readonly during: Kinds
  /** Between two listings. */
  readonly between: Kinds
}

/** What may happen at the provider without a loss that nobody could notice. */
export function allowedChanges(provider: ProviderSpec, connector: ConnectorSpec): Allowed {
  const { listing, order, paging, total, spelling } = provider
  const kinds = new Set<Change['kind']>(['insert', 'update', 'delete', 'late'])
  if (connector.lookback === 0 || spellingOf(spelling).counts) kinds.delete('late')
  const during = new Set(kinds)
  if (listing === 'numbered' && paging !== 'none') {
    // Rows that move towards the end leave no trace; one that is taken out shows in the total, if nothing makes up for it.
    if (order === 'asc') during.delete('update')
    if (total === 'right' && connector.declaresEnd && provider.rows % 2 === 0) {
      for (const kind of ['insert', 'late', 'update'] as const) during.delete(kind)
    } else during.delete('delete')
  }
  // What counts changes but is no time is not held back to the listing's begin.
  if (spellingOf(spelling).counts && (order === 'id' || order === 'none')) during.delete('update')
  return { during, between: kinds }
}

interface Rules {
  readonly provider: ProviderSpec
  readonly connector: ConnectorSpec
  readonly kinds: Allowed
}

function normalizeStep(step: Step, { provider, connector, kinds }: Rules): Step {
  if (step.do === 'change') return { ...step, changes: step.changes.filter(({ kind }) => kinds.between.has(kind)) }
  if (step.do === 'edit' && step.edit.key === 'slices') {
    const value = step.edit.value.filter((slice) => slice < provider.slices)
    return { ...step, edit: { key: 'slices', value: value.length > 0 ? value : connector.slices } }
  }
  if (step.do !== 'run') return step
  return {
    ...step,
    changes: step.changes
      .filter(({ kind }) => kinds.during.has(kind))
      .toSorted((a: TimedChange, b: TimedChange) => a.after - b.after),
    faults: step.faults.filter((fault) => isRevealed(fault, provider, connector)),
  }
}

function isRevealed({ kind }: Fault, provider: ProviderSpec, connector: ConnectorSpec): boolean {
  const { paging, total, hasMore, size, slices } = provider
  // One row without a key may well come twice, and the first page of a slice has none before it to be compared with.
  if (kind === 'repeat') return slices === 0 && (connector.keyed || size > 1)
  if (kind !== 'empty_page') return true
  if (paging === 'none' || paging === 'keyset' || paging === 'link_header') return false
  if (paging === 'token' || paging === 'link_body') return true
  return connector.declaresEnd && (total === 'right' || hasMore === 'right')
}
