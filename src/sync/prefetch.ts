import type { ApiRequest, ApiResponse } from '../http/send.ts'
import type { PageSource } from './pages.ts'
import { requestKey } from './repeats.ts'

/** A request that is under way. */
export interface Fetch {
  readonly request: ApiRequest
  readonly response: Promise<ApiResponse>
  /** Milliseconds since 1970. */
  readonly sent: number
}

/** The requests of a listing that are sent before their turn. */
export class Prefetch {
  readonly #source: PageSource
  readonly #signal: AbortSignal
  readonly #ahead: Fetch[] = []
  /** What is known to follow, and how much of it has been handed over. */
  #known: readonly ApiRequest[] = []
  #passed = 0

  constructor(source: PageSource, signal: AbortSignal) {
    this.#source = source
    this.#signal = signal
  }

  start(request: ApiRequest): void {
    const response = this.#source.send(request, this.#signal)
    // It is awaited when its turn comes; until then a failure must not count as unhandled.
    response.catch(() => undefined)
    this.#ahead.push({ request, response, sent: this.#source.now() })
  }

  shift(): Fetch | undefined {
    return this.#ahead.shift()
  }

  /**
   * Sends for what follows a page, at most `left` pages, and returns the next request. `rest` tells which requests
   * follow, where that is known.
   */
  async follow(
    next: ApiRequest | undefined,
    rest: () => readonly ApiRequest[] | undefined,
    left: number,
  ): Promise<ApiRequest | undefined> {
    const expected = this.#known[this.#passed]
    if (!next || !expected || requestKey(next) !== requestKey(expected)) {
      // The listing goes another way than was expected.
      await this.discard()
      this.#known = next ? (rest() ?? [next]) : []
      this.#passed = 0
    }
    const following = Math.min(this.#known.length - this.#passed, left)
    const after = following > 0 ? this.#known[this.#passed] : undefined
    const window = following > 1 ? this.#source.concurrency : 1
    while (this.#ahead.length < Math.min(window, following))
      this.start(this.#known[this.#passed + this.#ahead.length] as ApiRequest)
    this.#passed++
    return after
  }

  /** Frees what has come and was not asked for. */
  async discard(): Promise<void> {
    for (const { response } of this.#ahead.splice(0)) await discardFetch(response)
  }
}

export async function discardFetch(response: Promise<ApiResponse>): Promise<void> {
  await response.then(({ body }) => body.rows[Symbol.asyncDispose]()).catch(() => undefined)
}
