import { type Change, type ConnectorSpec, type ProviderSpec, changeKinds } from './scenario.ts'
import { spellingOf } from './spelling.ts'

type Kinds = ReadonlySet<Change['kind']>

export interface Allowed {
  /** While a listing is read. */
  readonly during: Kinds
  /** Between two listings. */
  readonly between: Kinds
}

/** Whether the cursor says in which order rows changed, but not when. */
export const counts = ({ spelling }: ProviderSpec, { cursor }: ConnectorSpec): boolean =>
  cursor === 'booked_at' || spellingOf(spelling).counts === true

/** What may happen at the provider without a loss that nobody could notice. */
export function allowedChanges(provider: ProviderSpec, connector: ConnectorSpec): Allowed {
  const { listing, order, paging, total, counts: place } = provider
  const between = new Set<Change['kind']>(changeKinds)
  if (connector.lookback === 0 || counts(provider, connector)) between.delete('late')
  if (!allowsTwins(provider, connector)) between.delete('twin')
  // A partition that is gone fails; a parent is not there, and comes back before a cursor that is that of all.
  if (connector.slicing !== 'parents' || connector.per === 'stream')
    for (const kind of ['gone', 'back'] as const) between.delete(kind)
  const during = new Set(between)
  if (listing === 'numbered' && paging !== 'none') {
    // Rows that move towards the end leave no trace; one that is taken out shows in the total, if nothing makes up for it.
    if (order === 'asc') during.delete('update')
    if (total === 'right' && place !== 'pages' && connector.declaresEnd && provider.rows % 2 === 0) {
      for (const kind of ['insert', 'late', 'update', 'twin'] as const) during.delete(kind)
    } else during.delete('delete')
  }
  // Of rows that change places meanwhile only those show that come twice.
  if (!isWhole(provider) && (connector.incremental || connector.deletes !== 'none')) during.delete('reorder')
  // What counts changes but is no time is not held back to the listing's begin.
  if (counts(provider, connector) && (order === 'id' || order === 'none')) during.delete('update')
  return { during, between }
}

/** A listing is of one moment, however many pages it has. */
const isWhole = ({ listing, paging }: ProviderSpec): boolean => paging === 'none' || listing === 'snapshot'

/** Rows that are the same in each byte are several rows only to who has no key and sees the moment of the last one again. */
const allowsTwins = ({ since, paging, odd }: ProviderSpec, { keyed, write }: ConnectorSpec): boolean =>
  !keyed &&
  (write === 'append' || write === 'replace') &&
  since !== 'exclusive' &&
  paging !== 'keyset' &&
  odd === 'none'
