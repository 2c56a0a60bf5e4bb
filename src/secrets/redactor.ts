import { type Trace, listTraces } from './encodings.ts'
import type { Secret } from './secret.ts'

/** Takes known secrets out of text that came from elsewhere: a provider's error words, a URL, a stack trace. */
export interface Redactor {
  /** A secret of fewer than 4 characters is left alone: it protects nothing, and every text would be full of holes. */
  add(secret: Secret): void
  /** The same for one of many that come and go, such as an access token: it never crowds out one that lasts. */
  addPassing(secret: Secret): void
  /** `text` with every known secret, raw, percent-encoded, form-encoded, hexadecimal, base64 or JSON-escaped, replaced by `[secret]`. */
  redact(text: string): string
}

const shortest = 4
const shown = '[secret]'

interface Range {
  readonly start: number
  end: number
}

/**
 * How many are known at most. A process that serves for months fetches tokens for ever: the oldest are forgotten, as they
 * have long expired. Those that last are learnt anew with each run, so that only what no connector names any more is.
 */
const mostLasting = 2_000
const mostPassing = 300

/** A redactor that knows no secret yet. */
export function createRedactor(): Redactor {
  const lasting = createMemory(mostLasting)
  const passing = createMemory(mostPassing)
  return {
    add: (secret) => learn(lasting, secret.reveal()),
    addPassing: (secret) => learn(passing, secret.reveal()),
    redact(text) {
      const traces = [lasting, passing].flatMap(({ known }) => [...known.values()])
      return replaceRanges(text, mergeRanges(traces.flatMap((one) => findRanges(text, one))))
    },
  }
}

interface Memory {
  readonly known: Map<string, readonly Trace[]>
  readonly most: number
}

const createMemory = (most: number): Memory => ({ known: new Map(), most })

/** What is learnt again counts as new. */
function learn({ known, most }: Memory, secret: string): void {
  // Providers quote a value without the blanks around it.
  for (const value of new Set([secret, secret.trim()])) {
    if (value.length < shortest) continue
    const traces = known.get(value) ?? listTraces(value)
    known.delete(value)
    known.set(value, traces)
    const [oldest] = known.keys()
    if (known.size > most && oldest !== undefined) known.delete(oldest)
  }
}

function findRanges(text: string, traces: readonly Trace[]): Range[] {
  const ranges: Range[] = []
  for (const trace of traces) {
    for (let at = text.indexOf(trace.text); at >= 0; at = text.indexOf(trace.text, at + 1)) {
      ranges.push({ start: widen(text, at, -trace.margin), end: widen(text, at + trace.text.length, trace.margin) })
    }
  }
  return ranges
}

/** Moves `at` by `step` characters, as long as they are base64. */
function widen(text: string, at: number, step: number): number {
  if (step === 0) return at
  return /[\w+/-]/.test(text.charAt(step < 0 ? at - 1 : at)) ? at + step : at
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
    redacted += text.slice(at, start) + shown
    at = end
  }
  return redacted + text.slice(at)
}
