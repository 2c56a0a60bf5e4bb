/** A repeatable source of numbers in [0, 1): mulberry32, a public-domain generator. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `HEADRACE_TEST_SEED` to repeat a test run, else a new seed. */
export function chooseSeed(): number {
  return Number(process.env['HEADRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32))
}
