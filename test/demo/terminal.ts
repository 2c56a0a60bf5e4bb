import { styleText } from 'node:util'

const width = 80

export const bold = (text: string): string => styleText('bold', text, { stream: process.stdout })
export const dim = (text: string): string => styleText('dim', text, { stream: process.stdout })

export function print(text = ''): void {
  process.stdout.write(`${text}\n`)
}

/** Rows of cells in columns, indented; the last cell wraps within 80 columns, beneath itself. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.slice(0, -1).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? []
  const indent = widths.reduce((sum, one) => sum + one + 2, 2)
  for (const row of rows) {
    const front = widths.map((one, at) => (row[at] ?? '').padEnd(one)).join('  ')
    print(`  ${front}  ${wrap(row.at(-1) ?? '', width - indent).join(`\n${' '.repeat(indent)}`)}`)
  }
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}
