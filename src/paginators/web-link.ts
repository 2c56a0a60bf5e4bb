/** One link of a `Link` header. */
export interface WebLink {
  /** As written: may be relative. */
  readonly target: string
  /** Relation types in lower case; only the first `rel` counts (RFC 8288 section 3.3). */
  readonly rels: readonly string[]
  readonly anchor?: string
}

/** No URI has a `<` (RFC 3986 section 2): the search for `>` ends there, so that a header of nothing else is read once. */
const target = /[\s,]*<([^<>]*)>/y
/** `;`, a name, and perhaps a value: a quoted string or whatever stands before the next separator. */
const parameter = /\s*;\s*(?:([^\s=;,"]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?)?/y
const rest = /[^,]*/y
const rubbish = /[\s,]*(?:[^\s,][^,]*)?/y

/**
 * The links of a `Link` header, several headers joined by commas included (RFC 8288 section 3 and appendix B.2). Commas and
 * semicolons inside `<>` and quotes are part of the text. What cannot be read is left out.
 */
export function parseLinks(header: string): readonly WebLink[] {
  const links: WebLink[] = []
  for (let at = 0; at < header.length;) {
    const link = match(target, header, at)
    if (link) {
      const { params, end } = parseParameters(header, target.lastIndex)
      links.push(toLink(link[1] as string, params))
      at = end
    }
    const skipped = link ? rest : rubbish
    match(skipped, header, at)
    at = skipped.lastIndex
  }
  return links
}

function parseParameters(header: string, from: number): { params: ReadonlyMap<string, string>; end: number } {
  const params = new Map<string, string>()
  let end = from
  for (let found = match(parameter, header, end); found; found = match(parameter, header, end)) {
    end = parameter.lastIndex
    const [, name, quoted, token] = found
    const key = name?.toLowerCase()
    if (key !== undefined && !params.has(key)) params.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? token ?? '')
  }
  return { params, end }
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

function toLink(text: string, params: ReadonlyMap<string, string>): WebLink {
  const rels = (params.get('rel') ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  const anchor = params.get('anchor')
  return { target: text.trim(), rels, ...(anchor === undefined ? {} : { anchor }) }
}
