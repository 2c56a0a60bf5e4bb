import { type Pattern, shortestPattern } from './patterns.ts'
import type { Skeleton } from './skeleton.ts'

/** A stretch of a skeleton that is (a part of) a pattern; `end` is exclusive. */
export interface Match {
  readonly start: number
  end: number
  /** The one that it ends with. */
  pattern: Pattern
}

export interface PatternIndex {
  /** Takes time in proportion to the length of the skeleton, however many patterns there are. */
  find(skeleton: Skeleton): readonly Match[]
}

interface Seed {
  readonly pattern: Pattern
  /** Whether it is the beginning of the pattern, else its end. */
  readonly first: boolean
}

const filterBits = 18
const factor = 0x01000193
/** What the character that leaves the window has been multiplied with. */
const leaving = Array.from({ length: shortestPattern }).reduce<number>((power) => Math.imul(power, factor), 1)

const slotOf = (hash: number): number => Math.imul(hash, 0x9e3779b1) >>> (32 - filterBits)

/** Finds patterns by their first and their last 8 characters: the hash of each window of a text is looked up (Rabin and Karp). */
export function createIndex(patterns: readonly Pattern[]): PatternIndex {
  const filter = new Uint8Array(1 << filterBits)
  const seeds = new Map<number, Seed[]>()
  for (const pattern of patterns) {
    for (const first of [true, false]) {
      const { codes } = pattern
      const hash = hashOf(first ? codes.subarray(0, shortestPattern) : codes.subarray(-shortestPattern))
      filter[slotOf(hash)] = 1
      const known = seeds.get(hash)
      if (known) known.push({ pattern, first })
      else seeds.set(hash, [{ pattern, first }])
    }
  }
  return {
    find({ codes }) {
      const found = new Finder(codes)
      let hash = 0
      for (let at = 0; at < codes.length; at++) {
        const left = at < shortestPattern ? 0 : (codes[at - shortestPattern] as number)
        hash = (Math.imul(hash, factor) + (codes[at] as number) - Math.imul(left, leaving)) | 0
        if (filter[slotOf(hash)] === 0 || at < shortestPattern - 1) continue
        for (const { pattern, first } of seeds.get(hash) ?? [])
          if (first) found.forwards(pattern, at - shortestPattern + 1)
          else found.backwards(pattern, at + 1)
      }
      return found.matches
    },
  }
}

const hashOf = (codes: Uint16Array): number => codes.reduce((hash, code) => (Math.imul(hash, factor) + code) | 0, 0)

class Finder {
  readonly matches: Match[] = []
  readonly #codes: Uint16Array
  /** Behind the last match: what lies before it is not compared again, so that a text of repetitions costs no more than another. */
  #end = 0

  constructor(codes: Uint16Array) {
    this.#codes = codes
  }

  /** Where a pattern seems to begin. */
  forwards(pattern: Pattern, start: number): void {
    const known = Math.max(start, this.#end)
    let end = known
    while (end - start < pattern.codes.length && this.#codes[end] === pattern.codes[end - start]) end++
    if (known > start ? end > known : end - start >= pattern.prefix) this.#add(pattern, start, end)
  }

  /** Where a pattern seems to end. */
  backwards(pattern: Pattern, end: number): void {
    const known = this.#end
    if (known >= end) return
    const { codes } = pattern
    let at = codes.length
    let start = end
    while (start > known && at > 0 && this.#codes[start - 1] === codes[at - 1]) [start, at] = [start - 1, at - 1]
    if (end - start >= pattern.suffix) this.#add(pattern, start, end)
    else if (known > 0 && start === known) this.#add(pattern, known - 1, end)
  }

  /** Matches come in the order of their ends; one that overlaps the last extends it. */
  #add(pattern: Pattern, start: number, end: number): void {
    const last = this.matches.at(-1)
    if (last && start < last.end) Object.assign(last, { end, pattern })
    else this.matches.push({ start, end, pattern })
    this.#end = end
  }
}
