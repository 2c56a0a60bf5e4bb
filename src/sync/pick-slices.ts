import type { Slice } from '../destinations/resume-point.ts'
import { createHash } from 'node:crypto'
import type { Connector, StreamConfig } from '../connector/connector.ts'
import { findTemplateUse, isPerSlice } from '../connector/template-use.ts'
import { unsendable } from '../syntax/template-value.ts'
import { toSyncError } from '../base/errors.ts'
import { RefusedParents } from './refused-parents.ts'
import { writeMode } from '../connector/write-mode.ts'
import { markLength } from '../destinations/marks.ts'
import { sliceKey } from './slice-cursors.ts'
import type { StreamSource } from './slices.ts'
import type { Warn } from '../base/warnings.ts'

/** So many slices that were read are remembered in a checkpoint, which must stay small. */
export const endedLimit = 100

/** Characters of JSON that a child takes over from a field of its parent. */
const longestValue = 16 * 1024

/** A slice as a checkpoint remembers it. */
export const markSlice = (key: string): string =>
  createHash('sha256').update(key).digest('base64url').slice(0, markLength)

/** What tells the slices of a listing apart: without cursors of their own also what becomes columns of theirs. */
export function pickKey(slice: Slice, connector: Connector, stream: StreamConfig): string {
  const columns = stream.parent?.columns && !isPerSlice(connector, stream) ? JSON.stringify(slice.parent) : ''
  return sliceKey(slice, findTemplateUse(connector, stream)) + columns
}

interface PickOptions {
  readonly connector: Connector
  /** The first request of a slice. */
  readonly first: StreamSource['first']
  readonly warn: Warn
  readonly ended?: readonly string[] | undefined
}

/**
 * Which slices are read: each once in a listing, however often its parent comes, and none whose parent lacks what its
 * request is made of, or has what cannot stand there. `ended` are slices that an earlier part of the listing has read.
 */
export function pickSlices(
  stream: StreamConfig,
  { connector, first, warn, ended = [] }: PickOptions,
): Pick<StreamSource, 'pick' | 'onPicked' | 'isSame'> {
  const use = findTemplateUse(connector, stream)
  const { parent, name } = stream
  const known = new Set(ended)
  const write = writeMode(stream)
  const isMerged = write !== 'append' && stream.primary_key !== undefined
  if (known.size >= endedLimit && !isMerged)
    warn(
      'ROWS_MAY_REPEAT',
      `Stream ${name} goes on in a listing that was cut short after ${endedLimit} slices or more: a row of ${parent?.stream} that comes twice, before and behind the cut, is read twice.`,
    )
  /** By key; of what goes into columns, a text. */
  const read = new Map<string, string>()

  const refused = new RefusedParents(stream)
  let picked = 0

  const isSendable = (slice: Slice): boolean => {
    const { parent: values } = slice
    if (!values) return true
    const missing = [...use.required].find((field) => (values[field] ?? '') === '')
    if (missing !== undefined) return refused.add(missing, 'is empty, as its requests are made of it')
    // What a slice is told apart by goes into checkpoints, and most of it into a URL.
    const long = Object.keys(values).find((field) => (JSON.stringify(values[field]) ?? '').length > longestValue)
    if (long !== undefined) return refused.add(long, `is longer than ${longestValue} characters`)
    try {
      first(slice)
    } catch (thrown) {
      const value = unsendable(thrown)
      // Whatever else is wrong shows where the request is sent.
      if (value?.root === 'parent') return refused.add(value.field, `cannot be sent: ${toSyncError(thrown).message}`)
    }
    picked++
    return true
  }

  const isNew = (slice: Slice): boolean => {
    const columns = parent?.columns ? JSON.stringify(slice.parent) : ''
    const key = pickKey(slice, connector, stream)
    if (known.size > 0 && known.has(markSlice(key))) return false
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
    pick: (slices) => slices.filter((slice) => isSendable(slice) && isNew(slice)),
    onPicked: (isWhole) => refused.report(warn, isWhole && picked === 0),
    isSame: (a, b) => sliceKey(a, use) === sliceKey(b, use),
  }
}
