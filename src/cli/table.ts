import { cut, graphemes, oneLine, widthOf } from '../base/words/line.ts'

const narrow = 12

/** `text` as lines of at most `width` columns, broken at blanks; a word that is wider is cut where the line ends. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of oneLine(text)
    .split(' ')
    .flatMap((word) => pieces(word, width))) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

function pieces(word: string, width: number): readonly string[] {
  if (widthOf(word) <= width) return [word]
  const found: string[] = []
  let piece = ''
  for (const letter of graphemes(word)) {
    if (piece !== '' && widthOf(piece + letter) > width) {
      found.push(piece)
      piece = ''
    }
    piece += letter
  }
  return [...found, piece]
}

export interface TableOptions {
  /** Columns of the terminal; a table wider than that is cut. */
  readonly width: number
  /** Widest cell; 40 where absent. */
  readonly cell?: number
  /** Paints the heading. */
  readonly heading?: (text: string) => string
}

/** Lines of cells, the first a heading, as text; columns of numbers are set to the right. */
export function formatTable(lines: readonly (readonly string[])[], options: TableOptions): string {
  const { width, cell = 40, heading = (text) => text } = options
  const cells = lines.map((line) => line.map((text) => oneLine(text, cell)))
  const columns = Math.max(0, ...cells.map((line) => line.length))
  const wanted = Array.from({ length: columns }, (_, at) => Math.max(...cells.map((line) => widthOf(line[at] ?? ''))))
  const widths = shrink(wanted, width - 2 * (columns - 1))
  const right = widths.map((_, at) => cells.length > 1 && cells.slice(1).every((line) => isNumber(line[at] ?? '')))
  const rows = cells.map((line) => {
    const padded = widths.map((wide, at) => pad(cut(line[at] ?? '', wide), wide, right[at] === true))
    return cut(padded.join('  ').trimEnd(), width)
  })
  return rows.map((row, at) => `${at === 0 ? heading(row) : row}\n`).join('')
}

/** Takes from the widest columns until all fit; what is narrow already stays readable. */
function shrink(widths: readonly number[], room: number): readonly number[] {
  const total = widths.reduce((sum, one) => sum + one, 0)
  const widest = Math.max(...widths)
  if (total <= room || widest <= narrow) return widths
  return shrink(
    widths.map((one) => (one === widest ? one - 1 : one)),
    room,
  )
}

const isNumber = (text: string): boolean =>
  text === '' || /^-?(?=\.?\d)(?:\d[\d,]*)?(?:\.\d+)?(e[+-]?\d+)?$/i.test(text)

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return right ? space + text : text + space
}
