import { cut, marks, oneLine } from './line.ts'

/**
 * The message of an error or a warning: its lines, each clean. Only lines that this program itself puts below each other
 * are several; what a provider says is on one.
 */
export const forMessage = (lines: string | readonly string[]): string =>
  typeof lines === 'string' ? oneLine(lines, 4_000) : cut(lines.map((line) => oneLine(line, 2_000)).join('\n'), 40_000)

/** What is seen of a letter in JSON only by its escape. */
const unseenInJson = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** JSON of the same data, exactly, in which nothing steers a terminal: such characters are escaped (RFC 8259 section 7). */
export const forJson = (json: string): string =>
  json.replaceAll(unseenInJson, (letter) =>
    letter === '\n'
      ? letter
      : letter.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )

/** What a terminal may obey, with the parameters of a color. */
const steering = /\p{Cc}(?:\[[\d;]{1,10}m)?|[\p{Zl}\p{Zp}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF]/gu

/** The last gate of a terminal: only line feeds and the colors of `styleText` pass; nothing moves the cursor or turns a line. */
export const forTerminal = (text: string): string =>
  text.toWellFormed().replaceAll(steering, (found) => {
    if (found.startsWith('\n')) return found
    return found.startsWith('\u001B[') ? found : ' '
  })

/** A stack trace: several lines, of which only the first begins where a line of the log does. */
export const forStack = (stack: string): string =>
  cut(stack, 20_000)
    .split('\n')
    .map((line, at) => (at === 0 ? oneLine(line) : `    ${oneLine(line)}`))
    .join('\n')

/** A value in a log line: its texts clean and cut; `bigint`, which JSON has not, as text. */
export function forLog(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return oneLine(value, 4_000)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null || depth > 6) return value
  if (Array.isArray(value)) return value.slice(0, 200).map((item) => forLog(item, depth + 1))
  if (!isPlain(value)) return value
  const entries = Object.entries(value).slice(0, 200)
  return Object.fromEntries(entries.map(([name, inner]) => [oneLine(name, 200), forLog(inner, depth + 1)]))
}

const isPlain = (value: object): boolean =>
  [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** What turns the text around it, or is not seen, on a page; tabs and line feeds are blanks there. */
const unseenInHtml =
  /[^\P{Cc}\t\n]|[\p{Zl}\p{Zp}\u00AD\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFFE\uFFFF]/gu

/** Text of a page, or of a quoted attribute. */
export const forHtml = (text: string): string =>
  cut(text, 10_000)
    .toWellFormed()
    .replaceAll(unseenInHtml, '\uFFFD')
    .replaceAll(marks, '$1')
    .replaceAll(/[&<>"']/g, (letter) => entities[letter] as string)
