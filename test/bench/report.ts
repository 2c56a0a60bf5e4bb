import type { Usage } from './measured-process.ts'

/** Lines with their columns lined up, the first to the left and the others to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? []
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ')
  return `${rows.map((row) => `  ${line(row)}`.trimEnd()).join('\n')}\n`
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** `median (min to max)`. */
export function spread(values: readonly number[], digits = 2): string {
  const [low, middle, high] = [Math.min(...values), median(values), Math.max(...values)].map((value) =>
    value.toFixed(digits),
  )
  return values.length === 1 ? `${middle}` : `${middle} (${low} to ${high})`
}

export interface Entry {
  readonly name: string
  readonly rows: number
  readonly runs: readonly Usage[]
}

export const usageHead = ['', 'CPU s', 'wall s', 'peak MB', 'rows per CPU s']

/** One line of a table of contestants. */
export function usageLine({ name, rows, runs }: Entry): string[] {
  const all = (key: keyof Usage) => runs.map((run) => run[key])
  const peak = Math.max(...all('peak')) / 1e6
  return [
    name,
    spread(all('cpu')),
    spread(all('wall')),
    peak.toFixed(0),
    Math.round(rows / median(all('cpu'))).toLocaleString('en'),
  ]
}

/** Ratios of rounds that stood side by side, which takes the machine's moods out of them. */
export function ratios(ours: Entry, theirs: Entry): number[] {
  return ours.runs.map((run, at) => run.cpu / (theirs.runs[at]?.cpu ?? Number.NaN))
}

/** How many times the rows per CPU second of the other. */
export function timesFaster(ours: Entry, theirs: Entry): number {
  const speed = ({ rows, runs }: Entry) => rows / median(runs.map((run) => run.cpu))
  return speed(ours) / speed(theirs)
}

/** A figure beside what it must be. */
export function verdict(
  what: string,
  figure: string,
  target: { readonly text: string; readonly met: boolean },
): string {
  return `  ${target.met ? 'ok  ' : 'MISS'} ${what}: ${figure} (${target.text})\n`
}
