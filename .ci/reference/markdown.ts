import { stringify } from 'yaml'

/** A line of a table. */
export interface Row {
  readonly name: string
  readonly type?: string
  readonly default?: string
  readonly meaning: string
  readonly example: string
}

const columns = ['type', 'default', 'meaning', 'example'] as const

/** A table of what the rows have; a column that all of them leave empty is left out. The first one is called `head`. */
export function writeTable(head: string, rows: readonly Row[]): string {
  const used = columns.filter((column) => rows.some((row) => row[column]))
  const lines = rows.map((row) => [code(row.name), ...used.map((column) => row[column] ?? '')])
  return [[head, ...used], ['---', ...used.map(() => '---')], ...lines]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
}

/** As code; a text with a backtick between two of them. */
export const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``)

/** A value in one line of YAML. */
export const inlineYaml = (value: unknown): string =>
  stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true }).trim()

/** The anchor of a heading on GitHub. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')
