import type { Slice } from '../destinations/resume-point.ts'
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { TemplateUse } from '../connector/template-use.ts'
import type { SliceProgress, SliceState } from '../destinations/slice-state.ts'

/** A key longer than this is cut, and its end hashed. */
const keyLimit = 300

/**
 * What tells a slice from the others: the values that its requests are made of, as canonical JSON such as
 * `{"parent.id":"7"}`. What is included for other ends, a name say, may change without making another slice of it.
 */
export function sliceKey({ parent = {}, partition = {} }: Slice, use: TemplateUse): string {
  const values = [...pick('parent', parent, use.parent), ...pick('partition', partition, use.partition)]
  const text = JSON.stringify(Object.fromEntries(values))
  if (text.length <= keyLimit) return text
  return `${text.slice(0, keyLimit)}...${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`
}

/** A number and its digits make the same request. */
const pick = (root: string, values: Readonly<Record<string, unknown>>, names: ReadonlySet<string>) =>
  [...names]
    .toSorted()
    .map((name) => [
      `${root}.${name}`,
      typeof values[name] === 'number' ? String(values[name]) : (values[name] ?? null),
    ])

/** How far each slice of a stream has got, by the commit log and by what this run has read. */
export class SliceCursors {
  readonly #known: Map<string, SliceProgress>
  readonly #base: SliceProgress

  /** `base` is where a slice stands of which nothing is known. */
  constructor(known: readonly SliceState[], base: SliceProgress) {
    this.#known = new Map(known.map(({ slice, progress }) => [slice, progress]))
    this.#base = base
  }

  of(key: string): SliceProgress {
    return this.#known.get(key) ?? this.#base
  }

  /** What is known of all slices. */
  get all(): Iterable<SliceProgress> {
    return this.#known.values()
  }

  /** Takes what a slice's complete listing led to. Returns what is to be saved: nothing where that is known already. */
  advance(key: string, progress: SliceProgress): SliceState | undefined {
    if (isDeepStrictEqual(this.#known.get(key) ?? unread, progress)) return undefined
    this.#known.set(key, progress)
    return { slice: key, progress }
  }
}

const unread: SliceProgress = { done: null }
