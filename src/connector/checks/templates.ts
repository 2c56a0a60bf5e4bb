import { listNames, suggest } from '../../base/nearest.ts'
import { isKeys } from '../defaults.ts'
import type { Path, Report } from '../problems.ts'
import { hasTemplate, parseTemplate, type TemplatePart } from '../../syntax/template-syntax.ts'
import { includedName } from '../../syntax/template-value.ts'
import type { ConnectorSubject, StreamSubject } from './subject.ts'

/** Every template of the file: its grammar, and whether its stream has what it asks for. */
export function checkTemplates({ connector, streams, report }: ConnectorSubject): void {
  const shared = { headers: connector.headers, params: connector.params }
  walkTexts(shared, [], (text, path) => checkText(text, { path, report }))
  for (const subject of streams) {
    const { stream } = subject
    const own = {
      path: stream.path,
      url: stream.url,
      headers: stream.headers,
      params: stream.params,
      body: stream.body,
    }
    walkTexts(own, [], (text, path) => {
      checkText(text, { path, report: subject.report })
      checkNeeds(text, { subject, say: (message, offset) => subject.report(path, message, { offset }) })
    })
    // What stands above all streams must make sense in each of them.
    walkTexts(shared, [], (text, path) =>
      checkNeeds(text, {
        subject,
        say: (message, offset) => report(path, `in stream ${stream.name ?? '?'}: ${message}`, { offset }),
      }),
    )
  }
}

function walkTexts(value: unknown, path: Path, visit: (text: string, path: Path) => void): void {
  if (typeof value === 'string') return hasTemplate(value) ? visit(value, path) : undefined
  if (Array.isArray(value)) return value.forEach((item, at) => walkTexts(item, [...path, at], visit))
  if (isKeys(value)) for (const [key, inner] of Object.entries(value)) walkTexts(inner, [...path, key], visit)
}

function checkText(text: string, { path, report }: { path: Path; report: Report }): void {
  for (const { offset, message } of parseTemplate(text).problems) report(path, message, { offset })
}

function checkNeeds(
  text: string,
  { subject, say }: { subject: StreamSubject; say: (message: string, offset: number) => void },
): void {
  for (const part of parseTemplate(text).parts) {
    const message = part.kind === 'template' ? describeNeed(part, subject) : undefined
    if (part.kind === 'template' && message !== undefined) say(message, part.offset)
  }
}

function describeNeed({ root, field }: TemplatePart, { stream, broken }: StreamSubject): string | undefined {
  switch (root) {
    case 'cursor':
      return stream.incremental || broken.has('incremental')
        ? undefined
        : '{{ cursor }} needs incremental: add incremental: {cursor: FIELD} to the stream'
    case 'parent': {
      if (broken.has('parent')) return undefined
      if (!stream.parent)
        return `{{ parent.${field} }} needs a parent: add parent: {stream: NAME, include: {${field}: ${field}}} to the stream`
      const { include } = stream.parent
      if (includedName(include, field) !== undefined) return undefined
      const known = [...new Set([...Object.keys(include), ...Object.values(include)])]
      return `${field} is not in parent.include: expected ${listNames(known) || 'a field that is listed there'}${suggest(field, known)}`
    }
    case 'partition': {
      if (broken.has('partitions')) return undefined
      if (!stream.partitions)
        return `{{ partition.${field} }} needs partitions: add partitions: {${field}: [...]} to the stream`
      const known = Array.isArray(stream.partitions)
        ? [...new Set(stream.partitions.flatMap((partition) => Object.keys(partition)))]
        : Object.keys(stream.partitions)
      return known.includes(field)
        ? undefined
        : `partitions has no ${field}: expected ${listNames(known)}${suggest(field, known)}`
    }
    case 'now':
    case 'run':
    case 'env':
      return undefined
  }
}
