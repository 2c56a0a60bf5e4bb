import { memoryOf } from '../../base/memory.ts'

/** What DuckDB makes room for at first, and then where a row turns out to be larger; in bytes. */
export const rowSizes = [1 << 24, 1 << 26, 1 << 28, 1 << 30] as const

/** In MB; the first suffices unless a table has thousands of columns. */
export const memoryLimits = [80, 200, 400, 800, 1600] as const

/** The step after `current`; undefined at the end of the ladder. */
export function stepUp(ladder: readonly number[], current: number): number | undefined {
  return ladder.find((step) => step > current)
}

/** The step of `memoryLimits` after `current`; undefined where DuckDB would take more than three quarters of the memory that is there. */
export function moreMemory(current: number): number | undefined {
  const next = stepUp(memoryLimits, current)
  return next !== undefined && next * 1e6 <= Math.max(200e6, memoryOf(process.env) * 0.75) ? next : undefined
}
