import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { type AllowList, joinRights } from '../allow-list.ts'
import { type Caller, createCaller } from '../caller.ts'
import { clearCookie, readCookie, setCookie } from './cookies.ts'
import type { Identity } from './provider.ts'
import type { Seal } from './seal.ts'

const sessionData = z.object({ id: z.string(), name: z.string(), aliases: z.array(z.string()) })

export interface SessionRules {
  readonly allow: AllowList
  /** Seconds. */
  readonly lifetime: number
}

/**
 * Sessions live in an encrypted cookie alone: no instance has to know of another's, and each lasts a short while. A session
 * that was ended is refused by the instance that ended it; to others a copy of its cookie is good until it expires.
 */
export interface Sessions {
  /** A new one for each sign-in, as the value of `Set-Cookie`. */
  begin(identity: Identity, secure: boolean): Promise<string>
  /** Ends the session of this caller; the value of `Set-Cookie`. */
  end(caller: Pick<Caller, 'session'>, secure: boolean): string
  /** Undefined without a valid one, or for somebody who is no longer on the list. */
  read(request: IncomingMessage, secure: boolean): Promise<Caller | undefined>
}

/** More would be an attack on the memory; the oldest have expired by then. */
const maxEnded = 10_000

export function createSessions({ allow, lifetime }: SessionRules, seal: Seal): Sessions {
  const ended = new Set<string>()
  return {
    async begin({ name, aliases }, secure) {
      // Only what the list asks about: a cookie has 4 KiB.
      const known = aliases.filter((alias) => allow.has(alias))
      const value = { id: randomUUID(), name: name.slice(0, 200), aliases: known.slice(0, 20) }
      return setCookie('headrace', await seal.close('session', value, lifetime), { secure, seconds: lifetime })
    },
    end({ session }, secure) {
      const [oldest] = ended
      if (ended.size >= maxEnded && oldest !== undefined) ended.delete(oldest)
      if (session !== undefined) ended.add(session)
      return clearCookie('headrace', secure)
    },
    async read(request, secure) {
      const cookie = readCookie(request, 'headrace', secure)
      if (cookie === undefined) return undefined
      const { data } = sessionData.safeParse(await seal.open('session', cookie))
      const session = `session ${data?.id}`
      return data && !ended.has(session) ? toPerson(data, allow, { session, signedIn: true }) : undefined
    },
  }
}

/** Undefined for somebody who is not on the list. */
export function toPerson(
  { name, aliases }: Identity,
  allow: AllowList,
  rest: Pick<Caller, 'session' | 'signedIn'>,
): Caller | undefined {
  const rights = joinRights(aliases.flatMap((alias) => allow.get(alias) ?? []))
  return rights && createCaller(rights, { name, ...rest })
}
