/**
 * Reads and writes one name of an `application/x-www-form-urlencoded` text (a query or a form body). All other pairs keep
 * their spelling: URLSearchParams would write them again, and some providers take `$filter`, `a,b` or `%20` only as they were.
 */
export function readPair(text: string, name: string): string | undefined {
  for (const pair of pairsOf(text)) {
    const at = pair.indexOf('=')
    if (decode(at < 0 ? pair : pair.slice(0, at)) === name) return at < 0 ? '' : decode(pair.slice(at + 1))
  }
  return undefined
}

/** Sets `name` where it first stands, else at the end; further pairs of that name are dropped. */
export function writePair(text: string, name: string, value: string): string {
  const pairs = pairsOf(text)
  const first = pairs.findIndex((pair) => nameOf(pair) === name)
  const spelled = first < 0 ? encodeURIComponent(name) : (pairs[first] as string).split('=', 1)[0]
  const written = `${spelled}=${encodeURIComponent(value)}`
  if (first < 0) return [...pairs, written].join('&')
  return pairs.flatMap((pair, at) => (at === first ? [written] : nameOf(pair) === name ? [] : [pair])).join('&')
}

function pairsOf(text: string): readonly string[] {
  return text.split('&').filter((pair) => pair !== '')
}

function nameOf(pair: string): string {
  return decode(pair.split('=', 1)[0] as string)
}

/** A pair that is not encoded correctly is taken as it stands. */
function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}
