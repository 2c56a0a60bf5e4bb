import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { type AllowList, joinRights } from '../allow-list.ts'
import { type Caller, createCaller } from '../caller.ts'
import { clearCookie, readCookie, setCookie } from './cookies.ts'
import type { Identity } from './provider.ts'
import type { Seal } from './seal.ts'

const session = z.object({ id: z.string(), name: z.string(), aliases: z.array(z.string()) })

export interface SessionRules {
  readonly allow: AllowList
  /** Seconds. */
  readonly lifetime: number
}

/** Sessions live in an encrypted cookie alone: no instance has to know of another's, and each lasts a short while. */
export interface Sessions {
  /** A new one for each sign-in, as the value of `Set-Cookie`. */
  begin(identity: Identity, secure: boolean): Promise<string>
  end(secure: boolean): string
  /** Undefined without a valid one, or for somebody who is no longer on the list. */
  read(request: IncomingMessage, secure: boolean): Promise<Caller | undefined>
}

export function createSessions({ allow, lifetime }: SessionRules, seal: Seal): Sessions {
  return {
    async begin({ name, aliases }, secure) {
      // Only what the list asks about: a cookie has 4 KiB.
      const known = aliases.filter((alias) => allow.has(alias))
      const value = { id: randomUUID(), name: name.slice(0, 200), aliases: known.slice(0, 20) }
      return setCookie('headrace', await seal.close('session', value, lifetime), { secure, seconds: lifetime })
    },
    end: (secure) => clearCookie('headrace', secure),
    async read(request, secure) {
      const cookie = readCookie(request, 'headrace', secure)
      if (cookie === undefined) return undefined
      const { data } = session.safeParse(await seal.open('session', cookie))
      return data && toPerson(data, allow, { session: `session ${data.id}`, signedIn: true })
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
