import { type Member, readMembers } from '../schema/value.ts'

/** The members of a row, and those of its key that lie inside an object: each gets a column of its own. */
export function withKeyMembers(members: readonly Member[], primaryKey: readonly string[]): readonly Member[] {
  const nested = primaryKey
    .filter((field) => field.includes('.') && !members.some(({ key }) => key === field))
    .flatMap((field) => {
      const found = dig(members, field.split('.'))
      return found ? [{ ...found, key: field }] : []
    })
  return nested.length === 0 ? members : [...members, ...nested]
}

function dig(members: readonly Member[], [name, ...rest]: readonly string[]): Member | undefined {
  const member = members.find(({ key }) => key === name)
  if (!member || rest.length === 0) return member
  return member.text.startsWith('{') ? dig(readMembers(member.text), rest) : undefined
}

/** The fields of its key that a row must have and lacks; with `nulls` some may be missing, though not all. */
export function missingFields(
  members: readonly Member[],
  primaryKey: readonly string[],
  nulls = false,
): readonly string[] {
  const missing = primaryKey.filter((field) => !members.some(({ key, kind }) => key === field && kind !== 'null'))
  return nulls && missing.length < primaryKey.length ? [] : missing
}
