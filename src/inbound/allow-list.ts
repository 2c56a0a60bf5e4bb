import { SyncError } from '../base/errors.ts'
import { type Rights, allRights } from './caller.ts'

/** Who stands on a list, in lower case, with what he may do. */
export type AllowList = ReadonlyMap<string, Rights>

export interface ListSyntax {
  /** The variable, for messages. */
  readonly variable: string
  /** What may stand on it. */
  readonly isName: (name: string) => boolean
  readonly expected: string
  /** Of an entry that does not say what he may do. */
  readonly plain: Rights
  /** Whether everybody on the list sees the status page. */
  readonly allSeeStatus: boolean
}

/** `HEADRACE_CALLERS`: accounts that may call. */
export const callerSyntax: ListSyntax = {
  variable: 'HEADRACE_CALLERS',
  isName: (name) => isEmail(name),
  expected: 'an e-mail',
  plain: allRights,
  allSeeStatus: false,
}

/** `HEADRACE_SIGN_IN_ALLOW`: people who may sign in to the status page. */
export const peopleSyntax: ListSyntax = {
  variable: 'HEADRACE_SIGN_IN_ALLOW',
  isName: (name) =>
    isEmail(name) || /^@[a-z0-9.-]+\.[a-z0-9-]+$/.test(name) || /^github(-org)?:[a-z0-9](?:-?[a-z0-9_])*$/.test(name),
  expected: 'an e-mail, @domain, github:user or github-org:organisation',
  plain: { connectors: new Set(), status: true },
  allSeeStatus: true,
}

/**
 * A name as lists compare it: only ASCII letters lose their case. Unicode's own rules fold further letters onto them (U+212A,
 * the Kelvin sign, onto k), so that two accounts would become one.
 */
export const foldName = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())

const isEmail = (name: string): boolean => /^[^\s@|=,]+@[^\s@|=,]+$/.test(name)

/**
 * Reads `a@x.example, b@x.example=acme|orders, c@x.example=*|+status`: after `=` the connectors that may be run (`*` for
 * all), and `+status` for the status page. Throws `CONFIG_INVALID`.
 */
export function parseAllowList(text: string | undefined, syntax: ListSyntax): AllowList {
  const entries = (text ?? '').split(/[,\n]/).flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()]))
  return new Map(
    entries.map((entry) => {
      const [name, ...rest] = entry.split('=')
      const who = foldName((name ?? '').trim())
      if (!syntax.isName(who) || rest.length > 1) throw refuse(entry, syntax)
      return [who, rest[0] === undefined ? syntax.plain : parseRights(rest[0], { entry, syntax })]
    }),
  )
}

function parseRights(text: string, { entry, syntax }: { readonly entry: string; readonly syntax: ListSyntax }): Rights {
  const parts = text.split('|').map((part) => part.trim())
  if (parts.some((part) => part !== '*' && part !== '+status' && !/^[A-Za-z0-9_-]+$/.test(part)))
    throw refuse(entry, syntax)
  const connectors = parts.filter((part) => part !== '+status')
  return {
    connectors: connectors.includes('*') ? 'all' : new Set(connectors),
    status: syntax.allSeeStatus || parts.includes('+status'),
  }
}

function refuse(entry: string, { variable, expected }: ListSyntax): SyncError {
  return new SyncError(
    'CONFIG_INVALID',
    `${variable} has the entry ${JSON.stringify(entry)}: expected ${expected}, alone or with =connector|connector|+status after it.`,
  )
}

/** The rights of several entries that are all about one person. */
export function joinRights(all: readonly Rights[]): Rights | undefined {
  if (all.length === 0) return undefined
  const lists = all.map(({ connectors }) => connectors)
  const named = lists.flatMap((list) => (list === 'all' ? [] : [...list]))
  return {
    connectors: lists.includes('all') ? 'all' : new Set(named),
    status: all.some(({ status }) => status),
  }
}
