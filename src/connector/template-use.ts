import { writeMode } from './write-mode.ts'
import type { Connector, StreamConfig } from './connector.ts'
import { isKeys } from './defaults.ts'
import { hasTemplate, parseTemplate } from '../syntax/template-syntax.ts'
import { includedName } from '../syntax/template-value.ts'

/** What of a slice and of the cursor the requests of a stream are made of. */
export interface TemplateUse {
  readonly cursor: boolean
  /** Names of `parent.include`. */
  readonly parent: ReadonlySet<string>
  /** Those of them without which there is no request: no `default` stands in. */
  readonly required: ReadonlySet<string>
  /** Names of `partitions`. */
  readonly partition: ReadonlySet<string>
}

type Texts = Pick<StreamConfig, 'headers' | 'params'>

/** Looks through every template of the stream, and those of the whole connector. */
export function findTemplateUse(connector: Partial<Texts>, stream: Partial<StreamConfig>): TemplateUse {
  const parent = new Set<string>()
  const required = new Set<string>()
  const partition = new Set<string>()
  let cursor = false
  const { path, url, headers, params, body } = stream
  for (const text of textsOf([connector.headers, connector.params, path, url, headers, params, body])) {
    for (const part of parseTemplate(text).parts) {
      if (part.kind !== 'template') continue
      if (part.root === 'cursor') cursor = true
      if (part.root === 'partition') partition.add(part.field)
      if (part.root !== 'parent') continue
      const name = includedName(stream.parent?.include ?? {}, part.field) ?? part.field
      parent.add(name)
      if (!part.filters.some((filter) => filter.name === 'default')) required.add(name)
    }
  }
  return { cursor, parent, required, partition }
}

/** Whether a filter stands behind the cursor in any template, which not every value fits. */
export function filtersCursor(connector: Partial<Texts>, stream: Partial<StreamConfig>): boolean {
  const { path, url, headers, params, body } = stream
  return textsOf([connector.headers, connector.params, path, url, headers, params, body])
    .flatMap((text) => parseTemplate(text).parts)
    .some((part) => part.kind === 'template' && part.root === 'cursor' && part.filters.length > 0)
}

/** Every text with a template in it, however deep it stands. */
export function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return hasTemplate(value) ? [value] : []
  if (Array.isArray(value)) return value.flatMap(textsOf)
  return isKeys(value) ? Object.values(value).flatMap(textsOf) : []
}

/** Whether each slice of the stream has a cursor of its own. */
export function isPerSlice(connector: Pick<Connector, 'headers' | 'params'>, stream: StreamConfig): boolean {
  if (!stream.incremental || !(stream.parent ?? stream.partitions)) return false
  const { per, client_filter: filters } = stream.incremental
  if (per !== undefined) return per === 'slice'
  // One cursor for all would leave out rows of a slice that is new or slow.
  return (filters && writeMode(stream) === 'append') || findTemplateUse(connector, stream).cursor
}
