import { type Allowed, allowedChanges } from './allowed.ts'
import type { ConnectorSpec, Edit, Fault, ProviderSpec, Scenario, Step, TimedChange } from './scenario.ts'
import { type Spelling, spellingOf } from './spelling.ts'

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
  const { unit, counts: isCounter } = spellingOf(given.spelling) as Spelling
  const isBare = given.envelope === 'bare'
  // A key that has two parts, or none that counts up by itself, is nothing to go on by.
  const key = given.paging === 'keyset' && !['integer', 'nested'].includes(given.key) ? 'integer' : given.key
  const isLinked = ['token', 'link_header', 'link_body'].includes(given.paging)
  const envelope = isBare && (given.paging === 'token' || given.paging === 'link_body') ? 'data' : given.envelope
  return {
    ...given,
    key,
    envelope,
    listing: given.paging === 'page' || given.paging === 'offset' ? 'numbered' : given.listing,
    order: given.paging === 'keyset' ? 'id' : given.order,
    total: normalizeTotal(given, envelope),
    counts: normalizeCounts(given, envelope),
    shortPages: given.shortPages && isLinked && given.listing === 'live' && given.size > 1,
    hasMore: envelope === 'bare' ? 'absent' : given.hasMore,
    // Rows of one moment, of which some show after the cursor has reached it, never come again.
    since: given.since === 'exclusive' && (unit > 1 || given.ties > 1) ? 'inclusive' : given.since,
    // What orders pages must be there, and a cursor that only counts has no future.
    odd: given.order === 'asc' || given.order === 'desc' || unit > second || isCounter ? 'none' : given.odd,
    lastToken: given.lastToken && isLinked,
  }
}

/** A total that is too low ends a listing where nothing else says that it goes on. */
function normalizeTotal(
  { total, counts: place, paging, hasMore }: ProviderSpec,
  envelope: ProviderSpec['envelope'],
): ProviderSpec['total'] {
  if (envelope === 'bare') return place === 'header' && total === 'right' ? total : 'absent'
  const goesOn = hasMore === 'right' || hasMore === 'inverted' || !['page', 'offset', 'keyset'].includes(paging)
  return total === 'low' && !goesOn ? 'right' : total
}

function normalizeCounts(
  { counts: place, paging }: ProviderSpec,
  envelope: ProviderSpec['envelope'],
): ProviderSpec['counts'] {
  if (place === 'pages') return paging === 'page' && envelope !== 'bare' ? place : 'rows'
  return place
}

const second = 1000

/** The connector after an edit. Who asks for one cursor for all slices has it pass what a new slice has. */
export function editConnector(before: ConnectorSpec, { key, value }: Edit, provider: ProviderSpec): ConnectorSpec {
  const edited = { ...before, [key]: value }
  const isLost = edited.per === 'stream' && edited.slices.some((slice) => !before.slices.includes(slice))
  return normalizeConnector(isLost ? before : edited, provider)
}

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
  const slicing = slices === 0 ? 'none' : given.slicing === 'none' ? 'partitions' : given.slicing
  const isBounded = incremental && provider.odd === 'none'
  const { counts: isCounter, declared, known } = spellingOf(provider.spelling) as Spelling
  return {
    ...given,
    // Who appends by key takes a row of a known key and cursor for the known one, no matter what else has changed in it.
    keyed: needsKey || (given.keyed && (given.write !== 'append' || spellingOf(provider.spelling).unit === 1)),
    incremental,
    sends: given.sends && incremental,
    lookback: incremental && provider.spelling !== 'text' ? Math.max(given.lookback, lead) : 0,
    deletes,
    paginator: normalizePaginator(given, provider),
    maxPages: incremental || paging === 'none' ? null : given.maxPages,
    slicing,
    cursor: incremental ? given.cursor : 'updated_at',
    declaresFormat: given.declaresFormat && incremental && known !== undefined,
    // The first request sends it before a row has told how the provider spells its own.
    start: isBounded ? given.start : null,
    end: isBounded ? given.end : null,
    isoBounds:
      given.isoBounds &&
      incremental &&
      !isCounter &&
      (declared !== undefined || (known !== undefined && given.declaresFormat)),
    per: incremental && slicing !== 'none' ? given.per : null,
    key: needsKey || given.write !== 'append' ? given.key : 'right',
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

interface Rules {
  readonly provider: ProviderSpec
  readonly connector: ConnectorSpec
  readonly kinds: Allowed
}

function normalizeStep(step: Step, { provider, connector, kinds }: Rules): Step {
  if (step.do === 'change') return { ...step, changes: step.changes.filter(({ kind }) => kinds.between.has(kind)) }
  if (step.do === 'edit') return { ...step, edit: normalizeEdit(step.edit, { provider, connector }) }
  if (step.do !== 'run') return step
  return {
    ...step,
    changes: step.changes
      .filter(({ kind }) => kinds.during.has(kind))
      .toSorted((a: TimedChange, b: TimedChange) => a.after - b.after),
    faults: step.faults.filter((fault) => isRevealed(fault, provider, connector)),
  }
}

function normalizeEdit(edit: Edit, { provider, connector }: Omit<Rules, 'kinds'>): Edit {
  if (edit.key !== 'slices') return edit
  const value = edit.value.filter((slice) => slice < provider.slices)
  return { key: 'slices', value: value.length > 0 ? value : connector.slices }
}

function isRevealed({ kind }: Fault, provider: ProviderSpec, connector: ConnectorSpec): boolean {
  const { paging, total, hasMore, size, slices } = provider
  // One row without a key may well come twice, and where slices are asked for at once, one may bring another's page first.
  if (kind === 'repeat') return (slices === 0 || connector.concurrency === 1) && (connector.keyed || size > 1)
  if (kind !== 'empty_page') return true
  if (paging === 'none' || paging === 'keyset' || paging === 'link_header') return false
  if (paging === 'token' || paging === 'link_body') return true
  return connector.declaresEnd && (total === 'right' || hasMore === 'right')
}
