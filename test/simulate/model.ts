import type { WarningCode } from '../../src/base/warnings.ts'
import { noteOf } from './pages.ts'
import type { ConnectorSpec } from './scenario.ts'
import { type SourceRow, labelOf } from './source.ts'
import type { StoredRow } from './store.ts'

/** The kinds of loss that a warning, by its code, puts into words: it excuses no other. */
const excused: Readonly<Record<string, readonly Violation['kind'][]>> = {
  LISTING_IN_DOUBT: ['missing', 'stale'],
  SOURCE_MOVED: ['missing', 'stale', 'doubled', 'extra'],
  CURSOR_UNREADABLE: ['missing', 'stale', 'doubled'],
  CURSOR_AHEAD: [],
  SLICE_SKIPPED: ['missing', 'stale', 'extra'],
  SLICES_SPLIT: ['doubled'],
  ROWS_MAY_REPEAT: ['doubled'],
  // The simulated rows are all good ones, and what is read of an answer is all that it has.
  ROWS_REFUSED: [],
  TYPE_MISFIT: [],
  STATE_CHANGED: [],
  RESPONSE_REPAIRED: [],
} satisfies Readonly<Record<WarningCode, readonly Violation['kind'][]>>

/** Whether a run that ended at `at` said that this may happen. */
export const excuses = (code: string, at: number, { kind, since }: Violation): boolean =>
  at >= since && (excused[code] ?? []).includes(kind)

/** What is wrong with the table. */
export interface Violation {
  readonly kind: 'missing' | 'doubled' | 'stale' | 'extra' | 'spoiled' | 'crash'
  readonly what: string
  /** When that row last changed at the provider, milliseconds since 1970: what was said before does not excuse it. */
  readonly since: number
}

export interface Finding {
  readonly connector: ConnectorSpec
  /** The rows that a reader of the provider can reach. */
  readonly live: readonly SourceRow[]
  readonly stored: readonly StoredRow[]
  /** The run that has just ended. */
  readonly run: string
  /** How many rows there have ever been of a label. */
  readonly made: ReadonlyMap<string, number>
  /** Nothing is updated or deleted in this store: later lines count. */
  readonly files: boolean
}

/** Holds the table against the truth, once a run has ended well that nothing disturbed. */
export function judge(finding: Finding): readonly Violation[] {
  const { files, stored, connector, run } = finding
  // Lines of files do not say which run wrote them, nor does a row that is left as it was.
  const isFresh = (row: StoredRow): boolean =>
    row.current && (connector.write === 'replace' || (!files && row.run === run))
  return [...judgeRows(finding), ...stored.filter(isFresh).flatMap((row) => findSpoiled(row, connector))]
}

function judgeRows(finding: Finding): readonly Violation[] {
  const { connector, stored, files, run } = finding
  const { write, incremental } = connector
  if (write === 'append' && !incremental) {
    if (files) return findMissing(finding)
    return compareAll({ ...finding, stored: stored.filter((row) => row.run === run) })
  }
  if (write === 'append') return [...findMissing(finding), ...findDoubled(finding, 'made')]
  if (write === 'replace') return compareAll(finding)
  if (files) return compareLast(finding)
  const current = stored.filter((row) => row.current)
  // A version of which a column was dropped since, or renamed, is another one.
  const asNow = stored.filter((row) => findSpoiled(row, connector).length === 0)
  const doubled = write === 'scd2' ? findDoubled({ ...finding, stored: asNow }, 'made') : []
  return [...doubled, ...compareKeyed({ ...finding, stored: current })]
}

/** The column of a field is what the connector file says: it is kept, left out, or has another name. */
function findSpoiled({ label, note, remark }: StoredRow, connector: ConnectorSpec): readonly Violation[] {
  const value = noteOf(label)
  const [wantedNote, wantedRemark] = { kept: [value, null], dropped: [null, null], renamed: [null, value] }[
    connector.note
  ] as [string | null, string | null]
  if (note === wantedNote && remark === wantedRemark) return []
  return [{ kind: 'spoiled', what: `${label} has note ${note} and remark ${remark}`, since: 0 }]
}

const numberOf = (label: string): number => Number(/^r(\d+)\./.exec(label)?.[1])

function countLabels(rows: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const label of rows) counts.set(label, (counts.get(label) ?? 0) + 1)
  return counts
}

function findMissing({ live, stored }: Finding): readonly Violation[] {
  const counts = countLabels(stored.map(({ label }) => label))
  const wanted = countLabels(live.map(labelOf))
  return live.flatMap((row): Violation[] => {
    const [has, wants] = [counts.get(labelOf(row)) ?? 0, wanted.get(labelOf(row)) ?? 0]
    return has >= wants ? [] : [{ kind: 'missing', what: labelOf(row), since: row.changedAt }]
  })
}

/** More rows of a label than there are now, or than there have ever been. */
function findDoubled({ live, stored, made }: Finding, most: 'live' | 'made'): readonly Violation[] {
  const limits = most === 'made' ? made : countLabels(live.map(labelOf))
  return [...countLabels(stored.map(({ label }) => label))]
    .filter(([label, count]) => count > Math.max(limits.get(label) ?? 0, 1))
    .map(([label, count]) => ({ kind: 'doubled', what: `${label} (${count} times)`, since: 0 }))
}

/** The table is the source, neither more nor less. */
function compareAll(finding: Finding): readonly Violation[] {
  const wanted = new Set(finding.live.map(labelOf))
  const extra = finding.stored.filter(({ label }) => !wanted.has(label))
  return [
    ...findMissing(finding),
    ...findDoubled(finding, 'live'),
    ...extra.map(({ label }): Violation => ({ kind: 'extra', what: label, since: 0 })),
  ]
}

/** One row for each key, with its last version; rows that are gone at the source may stay unless they are to be deleted. */
function compareKeyed({ connector, live, stored }: Finding): readonly Violation[] {
  const byNumber = Map.groupBy(stored, ({ label }) => numberOf(label))
  const found = live.flatMap((row): Violation[] => {
    const copies = byNumber.get(row.number) ?? []
    if (copies.length === 0) return [{ kind: 'missing', what: labelOf(row), since: row.changedAt }]
    if (copies.length > 1) return [{ kind: 'doubled', what: labelOf(row), since: 0 }]
    const isLast = copies[0]?.label === labelOf(row)
    if (isLast || connector.write === 'insert_only') return []
    return [{ kind: 'stale', what: `${copies[0]?.label} instead of ${labelOf(row)}`, since: row.changedAt }]
  })
  if (connector.deletes === 'none') return found
  const alive = new Set(live.map(({ number }) => number))
  const extra = stored.filter(({ label }) => !alive.has(numberOf(label)))
  return [...found, ...extra.map(({ label }): Violation => ({ kind: 'extra', what: label, since: 0 }))]
}

/** Every version is kept: the one that was written last is the last one. */
function compareLast({ connector, live, stored }: Finding): readonly Violation[] {
  const last = new Map(stored.map(({ label }) => [numberOf(label), label]))
  return live.flatMap((row): Violation[] => {
    const label = last.get(row.number)
    if (label === undefined) return [{ kind: 'missing', what: labelOf(row), since: row.changedAt }]
    if (label === labelOf(row) || connector.write === 'insert_only') return []
    return [{ kind: 'stale', what: `${label} instead of ${labelOf(row)}`, since: row.changedAt }]
  })
}
