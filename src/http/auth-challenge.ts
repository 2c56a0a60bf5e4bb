/** One challenge of a `WWW-Authenticate` header (RFC 9110 section 11.6.1). */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string
  /** Names in lower case; quoted values without their quotes and escapes. */
  readonly params: ReadonlyMap<string, string>
}

const token = String.raw`[!#$%&'*+.^_\x60|~0-9A-Za-z-]+`

/** A name and its value, in quotes or not; `qop=auth,auth-int` without quotes is met in the wild. */
const param = new RegExp(
  String.raw`[\s,]*(${token})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s,"]+(?:\s*,\s*auth(?:-int)?(?![^\s,]))*)?)`,
  'sy',
)

/** A scheme, and the token68 that may follow it instead of parameters. */
const scheme = new RegExp(
  String.raw`[\s,]*(${token})(?:\s+(?!${token}\s*=\s*[^\s=,])[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$)))?`,
  'y',
)

/**
 * All challenges of a header, or of several that were joined by commas. Real servers quote what need not be quoted and
 * the other way round, leave commas out or put too many: all that is read as it is meant. What is no challenge ends the
 * reading.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; params: Map<string, string> }[] = []
  let at = 0
  while (at < header.length) {
    const pair = challenges.length > 0 ? match(param, header, at) : undefined
    const start = pair ? undefined : match(scheme, header, at)
    const found = pair ?? start
    if (!found) break
    at += found[0].length
    const [, name = '', quoted, plain = ''] = found
    if (start) challenges.push({ scheme: name.toLowerCase(), params: new Map() })
    else setOnce(challenges.at(-1)?.params, name.toLowerCase(), quoted?.replaceAll(/\\(.)/gs, '$1') ?? plain)
  }
  return challenges
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}

/** Parameters must not occur twice (RFC 9110 section 11.2); the first is taken. */
function setOnce(params: Map<string, string> | undefined, name: string, value: string): void {
  if (params && !params.has(name)) params.set(name, value)
}
