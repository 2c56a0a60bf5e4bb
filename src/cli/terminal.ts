import { styleText } from 'node:util'
import type { Env } from '../run/app.ts'
import { forTerminal } from '../base/words/media.ts'

type Style = Parameters<typeof styleText>[0]

/** Where a command writes: results to standard output, everything else to standard error. */
export interface Terminal {
  /** Of a line on standard output; Infinity where nobody looks at it. */
  readonly width: number
  /** Standard error is a terminal on which lines can be redrawn. */
  readonly live: boolean
  /** With --json, unless a person watches standard error: nothing but the document. */
  readonly silent: boolean
  /** Of standard error, now: a window may be resized. */
  readonly size: () => { readonly columns: number; readonly rows: number }
  readonly print: (text: string) => void
  /** `erase`: how many of the lines above it are taken away first. */
  readonly note: (text: string, erase?: number) => void
  readonly style: (style: Style, text: string) => string
  readonly noteStyle: (style: Style, text: string) => string
}

export interface TerminalOptions {
  readonly env: Env
  readonly color: boolean
  readonly json: boolean
}

export function createTerminal({ env, color, json }: TerminalOptions): Terminal {
  const { stdout, stderr } = process
  for (const stream of [stdout, stderr]) {
    // A reader such as `head` that has seen enough is no failure.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
  const dumb = env['TERM'] === 'dumb'
  const colored = (stream: NodeJS.WriteStream): boolean =>
    color && !env['NO_COLOR'] && (stream.isTTY ? !dumb : Boolean(env['FORCE_COLOR']) && env['FORCE_COLOR'] !== '0')
  const columns = Number(env['COLUMNS'] || Number.NaN)
  const paint = (stream: NodeJS.WriteStream) => (style: Style, text: string) =>
    colored(stream) ? styleText(style, text, { validateStream: false }) : text
  return {
    width: stdout.isTTY ? stdout.columns || 80 : columns > 0 ? columns : Infinity,
    live: stderr.isTTY && !dumb,
    silent: json && !stderr.isTTY,
    size: () => ({ columns: stderr.columns || 80, rows: stderr.rows || 24 }),
    print: (text) => void stdout.write(forTerminal(text)),
    note: (text, erase = 0) =>
      void stderr.write(`${erase > 0 ? `\u001B[${erase}A\r\u001B[0J` : ''}${forTerminal(text)}`),
    style: paint(stdout),
    noteStyle: paint(stderr),
  }
}

/** Resolves when all that was written has left the process. */
export async function flush(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))),
  )
}
