import { distance } from 'fastest-levenshtein'

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]+/g, '_')

/** The known name that `name` most likely means: the same but for case and dashes, one that contains it, or one with few typos; else undefined. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name.slice(0, 100))
  const [best] = known
    .map((candidate) => ({ candidate, cost: compareNames(wanted, plain(candidate)) }))
    .filter(({ cost }) => cost < Infinity)
    .toSorted((a, b) => a.cost - b.cost)
  return best?.candidate
}

/** 0 for the same name, Infinity for one that has nothing to do with it. */
function compareNames(wanted: string, candidate: string): number {
  // `oauth2` means one of those that begin so, rather than `oauth1`.
  if (wanted.length >= 3 && candidate.startsWith(`${wanted}_`)) return 0.5
  const typos = distance(wanted, candidate)
  const shorter = Math.min(wanted.length, candidate.length)
  // Two letters that changed places count as two.
  if (typos <= (shorter < 4 ? 1 : Math.max(2, Math.floor(shorter / 3)))) return typos
  const [short, long] = wanted.length < candidate.length ? [wanted, candidate] : [candidate, wanted]
  // A part of a longer name is likely meant (`oauth` for `oauth2_client_credentials`), but less so than a typo.
  return short.length >= 3 && long.includes(short) ? 100 + typos : Infinity
}

/** ` (did you mean x?)`, or nothing. */
export function suggest(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`
}

/** `a, b or c` */
export function listNames(names: readonly string[], joint = 'or'): string {
  if (names.length <= 1) return names.join('')
  return `${names.slice(0, -1).join(', ')} ${joint} ${names.at(-1)}`
}
