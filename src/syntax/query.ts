/** How a parameter with several values is written. */
export const listStyles = ['repeat', 'comma', 'brackets'] as const
type ListStyle = (typeof listStyles)[number]

/** A query parameter, encoded; `written` is the whole pair as it will stand. */
export interface Param {
  readonly name: string
  readonly written: string
}

const encode = (text: string): string => encodeURIComponent(text.toWellFormed())

/** The pairs of a query as they are written, so that their own encoding is kept. */
export function parseQuery(query: string): readonly Param[] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((written) => ({ name: [...new URLSearchParams(written).keys()][0] ?? '', written }))
}

/** One parameter with one value or a list of them: `a=1&a=2`, `a=1,2` or `a[]=1&a[]=2` by the style; an empty list gives none. */
export function toParams(name: string, values: readonly string[], style: ListStyle | 'single'): readonly Param[] {
  if (values.length === 0) return []
  if (style === 'comma') return [{ name, written: `${encode(name)}=${values.map(encode).join(',')}` }]
  const full = style === 'brackets' ? `${name}[]` : name
  return values.map((value) => ({ name: full, written: `${encode(full)}=${encode(value)}` }))
}

/** `over` replaces what has the same names in `under`. */
export function overlayParams(under: readonly Param[], over: readonly Param[]): readonly Param[] {
  const names = new Set(over.map(({ name }) => name))
  return [...under.filter(({ name }) => !names.has(name)), ...over]
}

export function encodeParams(params: readonly Param[]): string {
  return params.map(({ written }) => written).join('&')
}
