import { type Member, readItems, readMembers, stringValue } from './value.ts'

/** One spelling for all JSON texts of a value: no white space, members ordered by key, strings escaped alike; numbers stay as they are written. */
export function canonicalValue({ text }: Pick<Member, 'text'>): string {
  switch (text.charAt(0)) {
    case '{':
      return canonicalMembers(readMembers(text))
    case '[':
      return `[${readItems(text).map(canonicalValue).join(',')}]`
    case '"':
      return JSON.stringify(stringValue(text))
    default:
      return text
  }
}

/** The same for the members of an object. */
export function canonicalMembers(members: readonly Member[]): string {
  const parts = [...members].sort((a, b) => (a.key < b.key ? -1 : 1))
  return `{${parts.map((member) => `${JSON.stringify(member.key)}:${canonicalValue(member)}`).join(',')}}`
}
