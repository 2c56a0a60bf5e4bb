import { longestName } from '../../schema/names.ts'
import { listNames, suggest } from '../../base/nearest.ts'
import type { ConnectorSubject, StreamSubject } from './subject.ts'

/** Names of streams, tables and columns, and the parents that streams name. */
export function checkNames({ streams }: ConnectorSubject): void {
  checkTaken(streams, ({ stream }) => ({ key: 'name', name: stream.name, what: 'a stream of this name' }))
  const named = streams.filter(({ stream }) => stream.table !== undefined)
  // Two streams without `table` share a table only where they share their name, which is said already.
  if (named.length > 0)
    checkTaken(streams, ({ stream }) => ({
      key: stream.table === undefined ? 'name' : 'table',
      name: stream.table ?? stream.name,
      what: 'a stream with this table',
    }))
  for (const { stream, report } of streams) {
    const [key, name] = stream.table === undefined ? ['name', stream.name ?? ''] : ['table', stream.table]
    if (/^_headrace/i.test(name))
      report([key], 'names that begin with _headrace are kept for bookkeeping: choose another one')
  }
  for (const subject of streams) checkParent(subject, streams)
  for (const subject of streams) checkColumns(subject)
}

function checkTaken(
  streams: readonly StreamSubject[],
  pick: (subject: StreamSubject) => { key: string; name: string | undefined; what: string },
): void {
  const seen = new Map<string, string>()
  for (const subject of streams) {
    const { key, name, what } = pick(subject)
    if (name === undefined) continue
    const before = seen.get(name.toLowerCase())
    if (before === undefined) seen.set(name.toLowerCase(), name)
    else
      subject.report(
        [key],
        `${what} stands above already${before === name ? '' : ` as ${before} (names must differ by more than case)`}`,
      )
  }
}

function checkParent({ stream, report }: StreamSubject, streams: readonly StreamSubject[]): void {
  if (!stream.parent) return
  const names = streams.flatMap((other) => other.stream.name ?? [])
  const wanted = stream.parent.stream
  if (!names.includes(wanted)) {
    const others = names.filter((name) => name !== stream.name)
    report(
      ['parent', 'stream'],
      `unknown stream: expected ${others.length > 1 ? 'one of ' : ''}${listNames(others) || 'another stream'}${suggest(wanted, others)}`,
    )
    return
  }
  const chain = [stream.name as string]
  for (let at: string | undefined = wanted; at !== undefined; at = parentOf(at, streams)) {
    if (at === stream.name)
      return report(['parent', 'stream'], `the stream is its own parent: ${[...chain, at].join(' -> ')}`)
    // A cycle further up is reported at its own members.
    if (chain.includes(at)) return
    chain.push(at)
  }
}

const parentOf = (name: string, streams: readonly StreamSubject[]): string | undefined =>
  streams.find(({ stream }) => stream.name === name)?.stream.parent?.stream

function checkColumns({ stream, report }: StreamSubject): void {
  const columns = Object.entries(stream.columns ?? {})
  const taken = new Map(
    columns
      .filter(([, column]) => column.rename === undefined && !column.drop)
      .map(([field]) => [field.toLowerCase(), field]),
  )
  for (const [field, { rename, drop }] of columns) {
    if (drop && stream.primary_key?.includes(field))
      report(['columns', field, 'drop'], 'this field is part of primary_key, so it cannot be dropped')
    if (rename === undefined) continue
    if (drop) report(['columns', field, 'rename'], 'the column is dropped, so it cannot be renamed as well')
    const other = taken.get(rename.toLowerCase())
    if (rename === '') report(['columns', field, 'rename'], 'expected a name')
    else if (rename.length > longestName)
      report(['columns', field, 'rename'], `expected a name of at most ${longestName} characters`)
    else if (other !== undefined && !drop)
      report(['columns', field, 'rename'], `${other} becomes a column of this name already`)
    if (!drop) taken.set(rename.toLowerCase(), field)
  }
}
