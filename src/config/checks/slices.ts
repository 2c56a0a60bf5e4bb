import { findTemplateUse } from '../template-use.ts'
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
    if (broken.has('headers') || broken.has('params') || isBroken(subject)) continue
    const use = findTemplateUse(connector, stream)
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

const isBroken = ({ broken }: StreamSubject): boolean =>
  ['path', 'url', 'params', 'headers', 'body', 'parent', 'partitions'].some((key) => broken.has(key))
