import { createInterface } from 'node:readline'
import { SyncError } from '../base/errors.ts'

/** Lines that a person enters; ends where there are no more. */
export type ReadLine = (signal: AbortSignal) => Promise<string | undefined>

/** Reads lines of standard input one by one, so that what is piped in is not lost between two questions. */
export function createLineReader(
  input: NodeJS.ReadableStream & { readonly isTTY?: boolean },
  output: NodeJS.WritableStream,
): { readonly readLine: ReadLine } & Disposable {
  const terminal = input.isTTY === true
  // In raw mode, as a terminal would cut a long address at 4096 characters.
  const lines = createInterface({ input, ...(terminal && { output }), terminal })
  const pending: string[] = []
  const waiting: ((line: string | undefined) => void)[] = []
  let ended = false
  lines.on('line', (line) => {
    const next = waiting.shift()
    if (next) next(line)
    else pending.push(line)
  })
  lines.on('close', () => {
    ended = true
    for (const next of waiting.splice(0)) next(undefined)
  })
  // Raw mode takes Ctrl-C for itself.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  return {
    async readLine(signal) {
      signal.throwIfAborted()
      const line = pending.shift()
      if (line !== undefined || ended) return line
      const { promise, resolve, reject } = Promise.withResolvers<string | undefined>()
      const abort = (): void => reject(signal.reason as Error)
      signal.addEventListener('abort', abort, { once: true })
      waiting.push(resolve)
      return promise.finally(() => signal.removeEventListener('abort', abort))
    },
    [Symbol.dispose]: () => lines.close(),
  }
}

interface PasteOptions {
  readonly redirectUrl: string
  readonly isAnswer: (query: URLSearchParams) => boolean
  readonly readLine: ReadLine
  /** Says what is wrong with a line. */
  readonly tell: (text: string) => void
  readonly signal: AbortSignal
}

/**
 * The query of the address that the browser ended on, as the person pastes it; asked again until it fits. Throws
 * `REQUEST_INVALID` where the input ends before.
 */
export async function readPastedAnswer(options: PasteOptions): Promise<URLSearchParams> {
  for (;;) {
    const line = await options.readLine(options.signal)
    if (line === undefined)
      throw new SyncError(
        'REQUEST_INVALID',
        'The input ended without the address that the browser was sent to, and nothing was saved; run the command again and paste it.',
      )
    const text = unwrap(line)
    if (text === '') continue
    const found = understand(text, options)
    if (typeof found !== 'string') return found
    options.tell(found)
  }
}

/** Terminals and chats put quotes, angle brackets and blanks around an address. */
function unwrap(line: string): string {
  return line
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '')
    .trim()
    .replace(/^["'<]+|(?<!["'>])["'>]+$/g, '')
}

/** The query, or what is wrong; the words never quote what was pasted. */
function understand(text: string, { redirectUrl, isAnswer }: PasteOptions): URLSearchParams | string {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol))
    return `That is no address. Paste the whole address that the browser ended on; it begins with ${redirectUrl}?`
  const expected = new URL(redirectUrl)
  if (url.origin !== expected.origin || url.pathname !== expected.pathname)
    return `That is another address. The one to paste begins with ${redirectUrl}?`
  if (!isAnswer(url.searchParams))
    return 'That address belongs to another sign-in, perhaps an earlier one. Open the address above, and paste where it leads.'
  return url.searchParams
}
