import type { ConnectorSpec, ProviderSpec } from './scenario.ts'
import { bookedLag, epoch, hour } from './source.ts'
import { type Spelling, spellingOf } from './spelling.ts'

/** Of the first host. */
export const origin = 'http://api.invalid'

/** The file that makes a run read this provider, as an object. */
export function writeConnector(name: string, connector: ConnectorSpec, provider: ProviderSpec): object {
  const { slicing, concurrency } = connector
  const rows = streamOf(connector, provider)
  const parents = {
    name: 'parents',
    path: `${connector.path}/parents`,
    rows: '$.data[*]',
    primary_key: ['id'],
    paginator: { type: 'none' },
  }
  return {
    name,
    base_url: `http://${connector.host}.invalid`,
    retry: { attempts: 3 },
    rate_limit: { concurrency },
    streams: slicing === 'parents' ? [parents, rows] : [rows],
  }
}

function streamOf(connector: ConnectorSpec, provider: ProviderSpec): object {
  const { write, keyed, incremental, sends, deletes, maxPages, slicing, note, cursor } = connector
  return {
    name: 'rows',
    ...sliceOf(connector),
    ...(slicing === 'parents' && { parent: { stream: 'parents', include: { id: 'id' } } }),
    rows: { data: '$.data[*]', nested: '$.result.items[*]', bare: '$[*]' }[provider.envelope],
    write,
    ...(keyed && { primary_key: keyOf(connector, provider) }),
    paginator: paginatorOf(connector, provider),
    ...(incremental && { incremental: incrementalOf(connector, provider) }),
    ...(sends && { params: { [cursor === 'updated_at' ? 'since' : 'booked_since']: '{{ cursor }}' } }),
    ...(note !== 'kept' && { columns: { note: note === 'dropped' ? { drop: true } : { rename: 'remark' } } }),
    ...(deletes !== 'none' && { deletes: { absent: true, mode: deletes, max_share: 1 } }),
    ...(maxPages !== null && { max_pages: maxPages }),
  }
}

function sliceOf({ slicing, slices, path }: ConnectorSpec): object {
  if (slicing === 'none') return { path: `${path}/rows` }
  if (slicing === 'parents') return { path: `${path}/slices/{{ parent.id }}/rows` }
  return { path: `${path}/slices/{{ partition.id }}/rows`, partitions: slices.map((id) => ({ id })) }
}

function keyOf({ key: named }: ConnectorSpec, { key }: ProviderSpec): readonly string[] {
  if (named === 'coarse') return ['bucket']
  const right = key === 'composite' ? ['shop', 'id'] : key === 'nested' ? ['info.id'] : ['id']
  return named === 'wide' ? [...right, 'bucket'] : right
}

/** A bound, as many hours from the beginning of the clock, as the file or a request writes it. */
export function spellBound(
  hours: number,
  { cursor, isoBounds }: ConnectorSpec,
  { spelling }: ProviderSpec,
): string | number {
  const at = epoch + hours * hour - (cursor === 'booked_at' ? bookedLag : 0)
  return isoBounds ? new Date(at).toISOString() : spellingOf(spelling).spell(at)
}

function incrementalOf(connector: ConnectorSpec, provider: ProviderSpec): object {
  const { lookback, declaresOrder, declaresFormat, cursor, start, end, per } = connector
  const { declared, known } = spellingOf(provider.spelling) as Spelling
  return {
    cursor,
    ...declared,
    ...(declaresFormat && known),
    ...(lookback > 0 && { lookback: `PT${lookback}S` }),
    ...(declaresOrder && (provider.order === 'asc' || provider.order === 'desc') && { order: provider.order }),
    ...(start !== null && { start: spellBound(start, connector, provider) }),
    ...(end !== null && { end: spellBound(end, connector, provider) }),
    ...(per !== null && { per }),
  }
}

function paginatorOf({ paginator, declaresEnd }: ConnectorSpec, provider: ProviderSpec): object {
  if (paginator === 'auto') return { type: 'auto' }
  const isWrong = paginator === 'misspelt'
  const { paging, size, total, hasMore } = provider
  const more =
    declaresEnd && (hasMore === 'right' || hasMore === 'text')
      ? { has_more: isWrong && paging !== 'token' && paging !== 'link_body' ? '$.hasMore' : '$.has_more' }
      : {}
  const count = declaresEnd && total !== 'absent' ? countOf(provider) : {}
  switch (paging) {
    case 'none':
      return { type: 'none' }
    case 'page':
      return { type: 'page_number', ...('total' in count && { size }), ...count, ...more }
    case 'offset':
      return { type: 'offset', limit: size, ...count, ...more }
    case 'token':
      return { type: 'cursor', path: isWrong ? '$.next_curser' : '$.next_cursor', param: 'cursor', ...more }
    case 'keyset':
      return { type: 'keyset', field: provider.key === 'nested' ? 'info.id' : 'id', param: 'after', ...more }
    case 'link_body':
      return { type: 'link_body', path: isWrong ? '$.links.next' : '$.next' }
    case 'link_header':
      return { type: 'link_header', ...(isWrong && { rel: 'following' }) }
  }
}

function countOf({ counts }: ProviderSpec): object {
  if (counts === 'pages') return { total_pages: '$.total_pages' }
  return { total: counts === 'rows' ? '$.total' : 'header:X-Total-Count' }
}
