import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import fc from 'fast-check'
import { SyncError } from '../../src/base/errors.ts'

/** A place where something comes in that others have written. */
export interface Boundary {
  readonly name: string
  /** Cases of an ordinary run of the tests. */
  readonly runs: number
  /** Sends so many cases through it, the same for the same seed; a failure says the seed and the smallest case. */
  check(t: TestContext, parameters: Parameters): Promise<void>
}

interface Parameters {
  readonly numRuns: number
  readonly seed: number
  /** Told each case before it is sent through. */
  readonly alive: (input: unknown) => void
}

interface Definition<Input> extends Pick<Boundary, 'name' | 'runs'> {
  readonly input: fc.Arbitrary<Input>
  /** What takes the input. It may fail with a `SyncError`, and with nothing else. */
  readonly open: (t: TestContext) => ((input: Input) => unknown) | Promise<(input: Input) => unknown>
}

export function defineBoundary<Input>({ name, runs, input, open }: Definition<Input>): Boundary {
  return {
    name,
    runs,
    async check(t, { numRuns, seed, alive }) {
      const take = await open(t)
      const property = fc.asyncProperty(input, async (one) => {
        alive(one)
        try {
          await take(one)
        } catch (thrown) {
          checkOurs(thrown)
        }
        for (const key in Object.prototype) assert.fail(`every object has ${key} now`)
      })
      await fc.assert(property, { numRuns, seed })
    },
  }
}

/** A defect shows as an error that nobody threw on purpose, or as one that shows how it came about. */
function checkOurs(thrown: unknown): void {
  if (!(thrown instanceof SyncError) || thrown.code === 'INTERNAL') throw thrown
  assert.doesNotMatch(thrown.message, /\n {4}at |\[object \w+\]|node:internal/)
  assert.ok(thrown.message.length < 100_000, `a message of ${thrown.message.length} characters`)
}
