import type { ConnectorSpec, ProviderSpec } from './scenario.ts'
import { spellingOf } from './spelling.ts'

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
    base_url: origin,
    retry: { attempts: 3 },
    rate_limit: { concurrency },
    streams: slicing === 'parents' ? [parents, rows] : [rows],
  }
}

function streamOf(connector: ConnectorSpec, provider: ProviderSpec): object {
  const { write, keyed, incremental, sends, deletes, maxPages, slicing } = connector
  return {
    name: 'rows',
    ...sliceOf(connector),
    ...(slicing === 'parents' && { parent: { stream: 'parents', include: { id: 'id' } } }),
    rows: { data: '$.data[*]', nested: '$.result.items[*]', bare: '$[*]' }[provider.envelope],
    write,
    ...(keyed && { primary_key: keyOf(provider) }),
    paginator: paginatorOf(connector, provider),
    ...(incremental && { incremental: incrementalOf(connector, provider) }),
    ...(sends && { params: { since: '{{ cursor }}' } }),
    ...(deletes !== 'none' && { deletes: { absent: true, mode: deletes, max_share: 1 } }),
    ...(maxPages !== null && { max_pages: maxPages }),
  }
}

function sliceOf({ slicing, slices, path }: ConnectorSpec): object {
  if (slicing === 'none') return { path: `${path}/rows` }
  if (slicing === 'parents') return { path: `${path}/slices/{{ parent.id }}/rows` }
  return { path: `${path}/slices/{{ partition.id }}/rows`, partitions: slices.map((id) => ({ id })) }
}

const keyOf = ({ key }: ProviderSpec): readonly string[] =>
  key === 'composite' ? ['shop', 'id'] : key === 'nested' ? ['info.id'] : ['id']

function incrementalOf({ lookback, declaresOrder }: ConnectorSpec, { spelling, order }: ProviderSpec): object {
  return {
    cursor: 'updated_at',
    ...spellingOf(spelling).declared,
    ...(lookback > 0 && { lookback: `PT${lookback}S` }),
    ...(declaresOrder && (order === 'asc' || order === 'desc') && { order }),
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
  const count = declaresEnd && total !== 'absent' ? { total: '$.total' } : {}
  switch (paging) {
    case 'none':
      return { type: 'none' }
    case 'page':
      return { type: 'page_number', ...(count.total && { size }), ...count, ...more }
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
