import type { IncomingMessage } from 'node:http'
import { SyncError } from '../base/errors.ts'

/** Who calls, and what he may do. */
export interface Caller {
  /** An e-mail or a user's name; undefined where the platform vouches for a caller that nobody named. */
  readonly name?: string
  readonly seesStatus: boolean
  /** Which connectors the status page shows to this caller. */
  maySee(connector: string): boolean
  mayRun(connector: string): boolean
  /** What the token of a form is bound to; undefined for a caller who can have no form. */
  readonly session?: string
  /** Whether there is a session of ours that `POST /logout` ends. */
  readonly signedIn: boolean
}

/** Finds out who calls. Throws `CALLER_UNKNOWN`, `CALLER_REFUSED` and `CALLER_UNCHECKED`, never with a token in the words. */
export type Check = (request: IncomingMessage) => Promise<Caller>

/** What somebody on an allow-list may do. */
export interface Rights {
  readonly connectors: ReadonlySet<string> | 'all'
  readonly status: boolean
}

export const allRights: Rights = { connectors: 'all', status: true }

/** Whoever may run some connectors sees the status of these; an account with `+status` alone sees all of them. */
export function createCaller(rights: Rights, who: Omit<Caller, 'seesStatus' | 'maySee' | 'mayRun'>): Caller {
  const { connectors, status } = rights
  const mayRun = (connector: string): boolean => connectors === 'all' || connectors.has(connector)
  const seesAll = connectors === 'all' || connectors.size === 0
  return { ...who, seesStatus: status, maySee: (connector) => status && (seesAll || mayRun(connector)), mayRun }
}

export const unknownCaller = (message: string): SyncError => new SyncError('CALLER_UNKNOWN', message)
export const refusedCaller = (message: string): SyncError => new SyncError('CALLER_REFUSED', message)
