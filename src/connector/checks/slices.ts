import { writeMode } from '../write-mode.ts'
import { findTemplateUse } from '../template-use.ts'
import type { StreamConfig } from '../connector.ts'
import type { Path } from '../problems.ts'
import { findUnsendable } from './unsendable.ts'
import type { ConnectorSubject, StreamSubject } from './subject.ts'

/** Streams of several listings: each must ask for something else, or its rows come once for each. */
export function checkSlices({ connector, broken, streams, report: reportFile }: ConnectorSubject): void {
  if (streams.length > 0 && streams.every(({ stream }) => stream.selected === false))
    reportFile(['streams'], 'no stream is stored, as each has selected: false: leave it out of one')
  for (const subject of streams) {
    const { stream, report } = subject
    if (
      stream.incremental?.per === 'slice' &&
      !stream.parent &&
      !stream.partitions &&
      !subject.broken.has('partitions')
    )
      report(['incremental', 'per'], 'a stream without partitions and parent has no slices: leave it out')
    if (stream.parent?.changed_only) checkChanged(subject, streams)
    if (broken.has('headers') || broken.has('params') || isBroken(subject)) continue
    const use = findTemplateUse(connector, stream)
    if (use.partition.size > 0) checkPartitionValues(connector, subject)
    if (use.cursor && !broken.has('incremental')) checkStart(connector, subject)
    if (stream.parent && use.parent.size === 0)
      report(
        ['parent'],
        'the request is the same for every row of the parent: expected {{ parent.NAME }} in path, params, headers or body',
      )
    else if (stream.partitions && !stream.parent && use.partition.size === 0)
      report(
        ['partitions'],
        'the request is the same for every partition: expected {{ partition.NAME }} in path, params, headers or body',
      )
  }
}

/** A value that no request can hold would fail every run at its slice. */
function checkPartitionValues(connector: ConnectorSubject['connector'], { stream, report }: StreamSubject): void {
  for (const { partition, pathOf } of samplesOf(stream.partitions)) {
    const value = findUnsendable(connector, stream, { partition })
    // A name that no partition has is told at its template.
    if (value?.root === 'partition' && Object.hasOwn(partition, value.field))
      report(pathOf(value.field), `this value ${value.problem}`)
  }
}

/** The same for where the first run begins: it would fail before its first request. */
function checkStart(connector: ConnectorSubject['connector'], { stream, broken, report }: StreamSubject): void {
  const start = stream.incremental?.start
  if (start === undefined || broken.has('incremental')) return
  const partition = samplesOf(stream.partitions)[0]?.partition
  const value = findUnsendable(connector, stream, { cursor: start, ...(partition && { partition }) })
  if (value?.root === 'cursor') report(['incremental', 'start'], `this value ${value.problem}`)
}

interface Sample {
  readonly partition: Readonly<Record<string, unknown>>
  /** Where the value of a name is in the file. */
  readonly pathOf: (name: string) => Path
}

/** Partitions among which each value comes once: of a matrix not every combination. */
function samplesOf(config: StreamConfig['partitions']): readonly Sample[] {
  if (Array.isArray(config))
    return config.map((partition, at) => ({ partition, pathOf: (name) => ['partitions', at, name] }))
  const names = Object.entries(config ?? {})
  const longest = Math.max(0, ...names.map(([, values]) => values.length))
  return Array.from({ length: longest }, (_, at) => ({
    partition: Object.fromEntries(names.map(([name, values]) => [name, values[at % values.length]])),
    pathOf: (field) => ['partitions', field, at % (names.find(([name]) => name === field)?.[1].length ?? 1)],
  }))
}

/** What has not changed is not read: the parent must say what has, and the table must keep what was read before. */
function checkChanged({ stream, broken, report }: StreamSubject, streams: readonly StreamSubject[]): void {
  const refuse = (why: string): void => report(['parent', 'changed_only'], why)
  const parent = streams.find((other) => other.stream.name === stream.parent?.stream)
  if (parent && !parent.stream.incremental && !parent.broken.has('incremental'))
    refuse(`nothing tells which rows of ${parent.stream.name} have changed: add incremental: {cursor: FIELD} to it`)
  if (parent?.stream.parent || parent?.stream.partitions)
    refuse(
      `${parent.stream.name} is read in slices itself, of which a new one may hold old rows: leave changed_only out`,
    )
  if (broken.has('write') || broken.has('primary_key')) return
  const { write, primary_key: key, deletes, incremental } = stream
  const mode = writeMode({ write, primary_key: key })
  if (mode === 'replace') refuse('write: replace would drop the children of all parents that have not changed')
  if (deletes?.absent) refuse('deletes: {absent: true} would delete the children of all parents that have not changed')
  if (mode === 'append' && !incremental && !broken.has('incremental'))
    refuse(
      'a parent that changes brings its children again, which append would store twice: add primary_key or incremental',
    )
}

const isBroken = ({ broken }: StreamSubject): boolean =>
  ['path', 'url', 'params', 'headers', 'body', 'parent', 'partitions'].some((key) => broken.has(key))
