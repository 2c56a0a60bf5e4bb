import { createRandom } from '../support/seeded-random.ts'

/** Choices that a seed determines. */
export interface Dice {
  /** In [0, 1). */
  next(): number
  /** From `low` to `high`, both included. */
  int(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
}

export function createDice(seed: number): Dice {
  const next = createRandom(seed)
  // Neighboring seeds begin alike: the first numbers are thrown away.
  for (let index = 0; index < 8; index++) next()
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (list) => list[int(0, list.length - 1)] as (typeof list)[number],
  }
}
