import type { StreamConfig } from '../connector.ts'
import type { StreamSubject } from './subject.ts'

/** Deletes want a table whose rows can be told apart; those by absence a listing that holds every row of the source. */
export function checkDeletes(subject: StreamSubject, streams: readonly StreamSubject[]): void {
  const { stream, broken, report } = subject
  const { deletes, primary_key: key, write } = stream
  if (!deletes || broken.has('deletes')) return
  if ((deletes.flag === undefined) === (deletes.absent === undefined))
    return report(['deletes'], 'expected either flag (a field that says so) or absent: true')
  if (!key && !broken.has('primary_key'))
    report(['deletes'], 'rows must be told apart to be deleted: add primary_key, such as primary_key: [id]')
  else if (write !== undefined && write !== 'merge' && write !== 'scd2' && !broken.has('write'))
    report(['deletes'], `a stream with write: ${write} deletes nothing: expected write: merge or scd2`)
  if (deletes.flag !== undefined) checkFlag(deletes.flag, subject)
  else checkAbsence(subject, streams)
}

function checkFlag(flag: string, { stream, broken, report }: StreamSubject): void {
  const { deletes, columns = {} } = stream
  if (deletes?.max_share !== undefined)
    report(['deletes', 'max_share'], 'this is for deletes by absence only: leave it out')
  if (flag.includes('.'))
    report(['deletes', 'flag'], 'expected a field of the row itself, as one within an object has no column of its own')
  if (!broken.has('columns') && columns[flag]?.drop) report(['deletes', 'flag'], 'this field is dropped')
}

function checkAbsence(subject: StreamSubject, streams: readonly StreamSubject[]): void {
  const { report } = subject
  if (subject.stream.deletes?.value !== undefined) report(['deletes', 'value'], 'this is what a flag is: leave it out')
  for (const { stream, broken } of chain(subject, streams)) {
    const reason = findGap(stream, broken)
    if (reason === undefined) continue
    const whose = stream === subject.stream ? '' : `its parent ${stream.name} `
    return report(['deletes', 'absent'], `only a listing of every row tells which are gone, but ${whose}${reason}`)
  }
}

/** Why a listing may leave rows out that are there. */
function findGap(stream: Partial<StreamConfig>, broken: ReadonlySet<string>): string | undefined {
  if (stream.incremental) return 'has incremental: use deletes: {flag: ...}, or read everything'
  if (stream.max_pages !== undefined) return 'has max_pages'
  if (stream.paginator?.type === 'auto' && !broken.has('paginator'))
    return 'has no paginator of its own: name one (headrace check tells which), or paginator: {type: none}'
  const ignores = stream.errors?.some((rule) => rule.then === 'ignore' && !(stream.parent && isGone(rule.status)))
  return ignores && !broken.has('errors')
    ? 'has errors that are ignored (only 404 and 410 of a child may be)'
    : undefined
}

/** The rows below what is gone are gone too. */
function isGone(status: NonNullable<StreamConfig['errors']>[number]['status']): boolean {
  const all = status === undefined ? [] : [status].flat()
  return all.length > 0 && all.every((one) => one === 404 || one === 410)
}

/** The stream and those that it is a child of. */
function chain(subject: StreamSubject, streams: readonly StreamSubject[]): readonly StreamSubject[] {
  const found: StreamSubject[] = []
  for (let at: StreamSubject | undefined = subject; at && !found.includes(at);) {
    found.push(at)
    const parent: string | undefined = at.stream.parent?.stream
    at = streams.find(({ stream }) => parent !== undefined && stream.name === parent)
  }
  return found
}
