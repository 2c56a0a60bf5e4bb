/** A text as it came, or with some levels of escapes taken off: each of its characters knows where in the text it stands. */
export interface View {
  readonly text: string
  /** Of each character, the offsets in the text as it came; absent where they are its own. */
  readonly places?: { readonly starts: Int32Array; readonly ends: Int32Array }
}

/** Percent-encoding (UTF-8, else Latin-1), escapes of JSON and of programming languages, entities of HTML and XML. */
const escapes = new RegExp(
  [
    '%(?:[cd][0-9a-f]%[89ab][0-9a-f]|e[0-9a-f](?:%[89ab][0-9a-f]){2}|f[0-7](?:%[89ab][0-9a-f]){3}|[0-9a-f]{2})',
    // A backslash before a percent code escapes nothing: taken for its escape it would tear the first of several bytes off.
    String.raw`\\(?:u[0-9a-f]{4}|u\{[0-9a-f]{1,6}\}|x[0-9a-f]{2}|(?!%[0-9a-f]{2})[^])`,
    '&(?:#x[0-9a-f]{1,6};?|#[0-9]{1,7};?|[a-z]{2,7};)',
  ].join('|'),
  'gi',
)

/** The named entities of printable ASCII (HTML, "Named character references"), in lower case. */
const entities: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'amp& lt< gt> quot" apos\' num# dollar$ percnt% lpar( rpar) ast* midast* plus+ comma, period. sol/ colon: semi;',
    'equals= quest? commat@ lsqb[ lbrack[ bsol\\ rsqb] rbrack] hat^ lowbar_ grave` lcub{ lbrace{ verbar| vert| rcub}',
    'rbrace} excl! hyphen- dash-',
  ].flatMap((line) => line.split(' ').map((entry) => [entry.slice(0, -1), entry.slice(-1)] as const)),
)

/** Takes one level of escapes off; undefined where there is none. Takes time in proportion to the length of the text. */
export function unescape({ text, places }: View): View | undefined {
  const starts = new Int32Array(text.length)
  const ends = new Int32Array(text.length)
  const parts: string[] = []
  let length = 0
  let read = 0
  const put = (part: string, from: number, to: number, isEscape: boolean): void => {
    parts.push(part)
    for (let at = 0; at < part.length; at++, length++) {
      const [first, last] = isEscape ? [from, to - 1] : [from + at, from + at]
      starts[length] = places?.starts[first] ?? first
      ends[length] = places?.ends[last] ?? last + 1
    }
  }
  for (const { 0: escape, index } of text.matchAll(escapes)) {
    const meant = readEscape(escape)
    if (meant === undefined) continue
    put(text.slice(read, index), read, index, false)
    read = index + escape.length
    put(meant, index, read, true)
  }
  if (read === 0) return undefined
  put(text.slice(read), read, text.length, false)
  return { text: parts.join(''), places: { starts: starts.subarray(0, length), ends: ends.subarray(0, length) } }
}

function readEscape(escape: string): string | undefined {
  const [kind, next = ''] = escape
  if (kind === '%') return readPercent(escape)
  if (kind === '\\')
    return escape.length > 2
      ? fromCode(escape.slice(2).replaceAll(/[{}]/g, ''), 16)
      : /[nrtbfv]/.test(next)
        ? '\n'
        : next
  if (next !== '#') return entities[escape.slice(1, -1).toLowerCase()]
  const digits = escape.slice(2).replace(';', '')
  return /^x/i.test(digits) ? fromCode(digits.slice(1), 16) : fromCode(digits, 10)
}

function readPercent(escape: string): string {
  try {
    return decodeURIComponent(escape)
  } catch {
    return Buffer.from(escape.replaceAll('%', ''), 'hex').toString('latin1')
  }
}

function fromCode(digits: string, base: number): string | undefined {
  const code = Number.parseInt(digits, base)
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined
}
