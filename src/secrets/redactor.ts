import { createIndex, type Match, type PatternIndex } from './pattern-index.ts'
import { listPatterns, mostLevels, type Pattern } from './patterns.ts'
import type { Secret } from './secret.ts'
import { toSkeleton } from './skeleton.ts'
import { unescape, type View } from './unescape.ts'
import { findWords, listWords, type Word } from './words.ts'

/** Takes known secrets out of text that came from elsewhere: a provider's error words, a URL, a stack trace. */
export interface Redactor {
  /**
   * A secret of fewer than 4 characters is left alone: it protects nothing, and every text would be full of holes. One of
   * fewer than 8 is found where it stands as a word of its own.
   */
  add(secret: Secret): void
  /** The same for one of many that come and go, such as an access token: it never crowds out one that lasts. */
  addShortLived(secret: Secret): void
  /** The same for what may be no secret at all, such as a value of the environment: only the whole of it is found. */
  addWhole(secret: Secret): void
  /**
   * `text` with every known secret replaced by `[secret]`: in any case, wrapped, percent-encoded, escaped (JSON, HTML) once
   * or several times, in base64 and hexadecimal; cut off too, as long as 12 characters of its beginning or end are left.
   */
  redact(text: string): string
  /**
   * Whether `text` holds the whole of a secret, so long (10 characters or more) that it is there by no accident: for names
   * and cursors, which are refused, as they must stay what they are. What may be no secret at all does not count.
   */
  holds(text: string): boolean
}

const shortest = 4
const shown = '[secret]'

interface Range {
  readonly start: number
  end: number
}

/**
 * How many are known at most. A process that serves for months fetches tokens for ever: the oldest are forgotten, as they
 * have long expired. Those that last are learnt again with each run, so that only what no connector names any more is.
 */
const mostLasting = 2_000
const mostPassing = 300

/** A redactor that knows no secret yet. */
export function createRedactor(): Redactor {
  const memories = {
    lasting: createMemory(mostLasting),
    passing: createMemory(mostPassing),
    whole: createMemory(mostLasting),
  }
  const open = (...those: readonly Memory[]): Search => openSearch(those.flatMap(({ known }) => [...known.values()]))
  let everything: Search | undefined
  let credentials: Search | undefined
  const learn = (memory: Memory, secret: Secret): void => {
    if (remember(memory, secret.reveal(), memory === memories.whole)) everything = credentials = undefined
  }
  return {
    add: (secret) => learn(memories.lasting, secret),
    addShortLived: (secret) => learn(memories.passing, secret),
    addWhole: (secret) => learn(memories.whole, secret),
    redact(text) {
      everything ??= open(...Object.values(memories))
      return everything === nothing ? text : replaceRanges(text, mergeRanges(findRanges(text, everything)))
    },
    holds(text) {
      const { index } = (credentials ??= open(memories.lasting, memories.passing))
      return levelsOf(text).some((view) => index.find(toSkeleton(view.text)).some(isWhole))
    },
  }
}

interface Traces {
  readonly patterns: readonly Pattern[]
  readonly words: readonly Word[]
}

interface Memory {
  readonly known: Map<string, Traces>
  readonly most: number
}

const createMemory = (most: number): Memory => ({ known: new Map(), most })

/** What is learnt again counts as new. True where it was not known. */
function remember({ known, most }: Memory, secret: string, whole: boolean): boolean {
  let isNew = false
  // Providers quote a value without the blanks around it.
  for (const value of new Set([secret, secret.trim()])) {
    if (value.length < shortest || shown.includes(value)) continue
    const traces = known.get(value) ?? tracesOf(value, whole)
    isNew ||= !known.has(value)
    known.delete(value)
    known.set(value, traces)
    const [oldest] = known.keys()
    if (known.size > most && oldest !== undefined) known.delete(oldest)
  }
  return isNew
}

function tracesOf(value: string, whole: boolean): Traces {
  const patterns = value.length < 8 ? [] : listPatterns(value, { whole })
  return { patterns, words: patterns.length > 0 ? [] : listWords(value) }
}

interface Search {
  readonly index: PatternIndex
  readonly words: readonly Word[]
}

const nothing: Search = { index: createIndex([]), words: [] }

function openSearch(traces: readonly Traces[]): Search {
  if (traces.length === 0) return nothing
  return {
    index: createIndex(traces.flatMap(({ patterns }) => patterns)),
    words: traces.flatMap(({ words }) => words),
  }
}

function findRanges(text: string, { index, words }: Search): Range[] {
  return levelsOf(text).flatMap((view) => {
    const { codes, at } = toSkeleton(view.text)
    const parts = index.find({ codes, at }).map((match) => toRange(match, at, view))
    return [...parts, ...findWords(view.text, words).map((word) => toSource(word, view.places))]
  })
}

/** The text as it is, and with one level of escapes after the other taken off. */
function levelsOf(text: string): readonly View[] {
  const views: View[] = []
  for (
    let view: View | undefined = { text: text.toWellFormed() };
    view && views.length <= mostLevels;
    view = unescape(view)
  )
    views.push(view)
  return views
}

const isWhole = ({ start, end, pattern: { codes } }: Match): boolean =>
  codes.length >= 10 && end - start >= codes.length

function toRange({ start: from, end: to, pattern }: Match, at: Int32Array, { text, places }: View): Range {
  const first = at[from] as number
  const last = (at[to - 1] as number) + 1
  const { lead, tail } = pattern
  let start = text.endsWith(lead, first) ? first - lead.length : first
  let end = text.startsWith(tail, last) ? last + tail.length : last
  if (pattern.base64 && /[\w+/-]/.test(text.charAt(start - 1))) start--
  if (pattern.base64 && /[\w+/-]/.test(text.charAt(end))) end++
  if (pattern.base64) end += /^={0,2}/.exec(text.slice(end, end + 2))?.[0].length ?? 0
  return toSource({ start, end }, places)
}

function toSource({ start, end }: Range, places: View['places']): Range {
  return places ? { start: places.starts[start] as number, end: places.ends[end - 1] as number } : { start, end }
}

/** Secrets may overlap: replacing one after the other would leave the rest of the second. */
function mergeRanges(ranges: Range[]): Range[] {
  const merged: Range[] = []
  for (const range of ranges.sort((one, other) => one.start - other.start)) {
    const last = merged.at(-1)
    if (last && range.start <= last.end) last.end = Math.max(last.end, range.end)
    else merged.push(range)
  }
  return merged
}

function replaceRanges(text: string, ranges: readonly Range[]): string {
  let at = 0
  let redacted = ''
  for (const { start, end } of ranges) {
    redacted += text.slice(at, escapeBefore(text, at, start)) + shown
    at = end
  }
  return redacted + text.slice(at)
}

/** A backslash that escapes what is taken out goes too: it would escape the bracket, and JSON would be none any more. */
function escapeBefore(text: string, from: number, at: number): number {
  let slashes = 0
  while (at - slashes > from && text[at - slashes - 1] === '\\') slashes++
  return slashes % 2 === 1 ? at - 1 : at
}
