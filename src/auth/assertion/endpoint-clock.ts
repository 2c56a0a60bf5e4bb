import type { AuthDeps } from '../auth.ts'
import { createProviderClock } from '../signature/provider-clock.ts'

/** The time by which a token endpoint judges an assertion. */
export interface EndpointClock {
  /** Milliseconds since 1970. */
  now(): number
  /**
   * Sends a request that carries an assertion, and once more if the endpoint refuses it and its `Date` is far from our
   * own time, which is then logged: it is the endpoint's clock that decides, so an assertion made by it is neither older
   * nor younger for it than any other, and its answers come over verified TLS.
   */
  send(request: () => Promise<Response>): Promise<Response>
}

export function createEndpointClock(deps: Pick<AuthDeps, 'now' | 'log'>): EndpointClock {
  const clock = createProviderClock(deps)
  return {
    now: clock.now,
    async send(request) {
      const response = await request()
      const { status, headers } = response
      if (!clock.observe({ status, headers: Object.fromEntries(headers) })) return response
      deps.log.warn({}, describeOffset(clock.now() - deps.now()))
      return request()
    },
  }
}

function describeOffset(offset: number): string {
  const seconds = Math.round(Math.abs(offset) / 1_000)
  return `The clock of this machine is ${seconds} s ${offset > 0 ? 'behind' : 'ahead of'} that of the token endpoint, which refused an assertion; trying once more by the endpoint's clock: set the clock of this machine right`
}
