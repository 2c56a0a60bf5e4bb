import type { Effects } from '../../base/effects.ts'
import type { ApiRequest, ApiResponse } from '../../http/send.ts'
import type { Auth } from '../auth.ts'

/** A difference that the way of the answer alone can make, in milliseconds; `Date` has whole seconds. */
const tolerance = 5_000

/** What providers answer to a signature whose time is not theirs. */
const refusals: ReadonlySet<number> = new Set([400, 401, 403])

/** The time that a signature has: the provider's, once it has turned out to be another than ours. */
export interface ProviderClock {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** A copy of `request` that says by which clock it is about to be signed: others under way may have it set meanwhile. */
  readonly mark: (request: ApiRequest) => ApiRequest
  /**
   * True where an answer refuses and its `Date` is far from what the signature said, so that a signature by that clock
   * may be accepted. Of an answer out of a cache the date says nothing.
   */
  readonly learn: NonNullable<Auth['handleChallenge']>
  /** The same for an answer alone. */
  readonly observe: (response: Answer) => boolean
}

type Answer = Pick<ApiResponse, 'status' | 'headers'>

export function createProviderClock(effects: Pick<Effects, 'now'>): ProviderClock {
  let offset = 0
  const signedBy = Symbol('offset of the clock')
  const compare = ({ status, headers }: Answer, used: number): boolean => {
    if (!refusals.has(status) || Number(headers['age'] ?? 0) > 0) return false
    const found = Date.parse(headers['date'] ?? '') - effects.now()
    if (Number.isNaN(found) || Math.abs(found - used) <= tolerance) return false
    offset = found
    return true
  }
  return {
    now: () => effects.now() + offset,
    mark: (request) => Object.assign({ ...request }, { [signedBy]: offset }),
    learn: (signed, response) => compare(response, (signed as { readonly [signedBy]?: number })[signedBy] ?? offset),
    observe: (response) => compare(response, offset),
  }
}
