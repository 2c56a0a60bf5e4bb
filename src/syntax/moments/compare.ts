import { sortableNumber } from './decimal-order.ts'
import { findFormat, recognizeNumber, recognizeText, type Spelled } from './formats.ts'
import { shapeOf, suggestPatterns } from './shape.ts'

/**
 * Orders two values that a person wrote (a start, an end) as the moments or numbers that they are, by any of the formats
 * that are declared or told from the spelling; as texts where they are neither. Negative where `a` is lower.
 */
export function compareSpelled(a: Spelled, b: Spelled, formats: readonly string[] = []): number {
  const [first, second] = [readMoment(a, formats), readMoment(b, formats)]
  if (first !== undefined && second !== undefined) return compare(first, second)
  return compare(sortableNumber(a) ?? String(a), sortableNumber(b) ?? String(b))
}

/**
 * Whether the start of a range lies beyond its end, by their values. Of times that only a pattern reads, which is not among
 * `formats`, it is true where all patterns agree that may be meant.
 */
export function isAfter(start: Spelled, end: Spelled, formats: readonly string[] = []): boolean {
  const opaque = [start, end].filter((edge) => readMoment(edge, formats) === undefined)
  const patterns = opaque.flatMap((edge) => suggestPatterns(shapeOf(edge)))
  if (patterns.length === 0) return compareSpelled(start, end, formats) > 0
  const both = patterns.filter((pattern) => [start, end].every((edge) => readMoment(edge, [pattern]) !== undefined))
  return both.length > 0 && both.every((pattern) => compareSpelled(start, end, [pattern]) > 0)
}

/** Nanoseconds since 1970; undefined where the value is no moment that can be told. */
export function readMoment(value: Spelled, formats: readonly string[] = [], zone?: string): bigint | undefined {
  for (const name of formats) {
    const ns = findFormat(name)?.read(value, zone)
    if (ns !== undefined) return ns
  }
  return (recognizeText(value) ?? recognizeNumber(value))?.read(value, zone)
}

const compare = <T extends bigint | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
