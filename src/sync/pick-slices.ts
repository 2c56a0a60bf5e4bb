import type { Connector, StreamConfig } from '../config/connector.ts'
import { findTemplateUse, isPerSlice } from '../config/template-use.ts'
import { sliceKey } from './slice-cursors.ts'
import type { Slice, StreamSource } from './slices.ts'
import type { Warn } from './warnings.ts'

/**
 * Which slices are read: each once in a listing, however often its parent comes, and none whose parent lacks what its
 * request is made of.
 */
export function pickSlices(
  stream: StreamConfig,
  { connector, warn }: { readonly connector: Connector; readonly warn: Warn },
): Pick<StreamSource, 'pick' | 'isSame'> {
  const use = findTemplateUse(connector, stream)
  const { parent, name } = stream
  const perSlice = isPerSlice(connector, stream)
  /** By key; of what goes into columns, a text. */
  const read = new Map<string, string>()

  const isComplete = ({ parent: values = {} }: Slice): boolean => {
    const missing = [...use.required].find((field) => (values[field] ?? '') === '')
    if (missing !== undefined)
      warn(
        'SLICE_SKIPPED',
        `Stream ${name} leaves out rows of ${parent?.stream} whose ${parent?.include[missing] ?? missing} is empty, as its requests are made of it.`,
      )
    return missing === undefined
  }

  const isNew = (slice: Slice): boolean => {
    const columns = parent?.columns ? JSON.stringify(slice.parent) : ''
    const key = sliceKey(slice, use) + (perSlice ? '' : columns)
    const before = read.get(key)
    if (before === undefined) read.set(key, columns)
    else if (before !== columns)
      warn(
        'SLICE_SKIPPED',
        `Stream ${name} asks the same for rows of ${parent?.stream} that differ in what becomes _parent_ columns: the first of them is read; with incremental.per: stream each is.`,
      )
    return before === undefined
  }

  return {
    pick: (slices) => slices.filter((slice) => isComplete(slice) && isNew(slice)),
    isSame: (a, b) => sliceKey(a, use) === sliceKey(b, use),
  }
}
