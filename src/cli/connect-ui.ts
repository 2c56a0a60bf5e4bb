import type { Env } from '../run/app.ts'
import type { ConnectContext } from '../connect/authorization-code.ts'
import type { Callback } from '../connect/browser.ts'
import type { ReadLine } from '../connect/paste.ts'
import { oneLine } from '../base/words/line.ts'
import type { Terminal } from './terminal.ts'

export interface ConnectUiOptions {
  readonly terminal: Terminal
  readonly env: Env
  readonly redact: (text: string) => string
  readonly readLine: ReadLine
  readonly openBrowser: boolean
}

/**
 * Speaks to the person on standard error, also with --json or --quiet: without the address nobody can consent. The
 * address is shown as it is: it holds a client id and words for this one attempt, and would not work redacted.
 */
export function createConnectUi(options: ConnectUiOptions): ConnectContext['ui'] {
  const { terminal, redact, readLine } = options
  const note = (text: string): void => terminal.note(`${redact(oneLine(text, 4_000))}\n`)
  const bold = (text: string): string => terminal.noteStyle('bold', text)
  return {
    note,
    readLine,
    showUrl(url, back) {
      const opens = options.openBrowser && back.kind === 'listen' && hasBrowser(options.env)
      note(opens ? 'Your browser is asked to open this address:' : 'Open this address in a browser:')
      terminal.note(`\n  ${bold(url)}\n\n`)
      explainWayBack(back, note)
      if (opens) open(url, note)
    },
    showDevice({ url, code, completeUrl, expiresAt }) {
      terminal.note(`On any device, open ${bold(url)} and enter the code ${bold(oneLine(code, 60))}.\n`)
      if (completeUrl !== undefined) terminal.note(`Or open this address, which holds the code: ${bold(completeUrl)}\n`)
      note(`Waiting for the consent; the code is good until ${new Date(expiresAt).toISOString()}.`)
    },
  }
}

function explainWayBack({ kind, redirectUrl, registered }: Callback, note: (text: string) => void): void {
  if (registered) note(`The provider must know ${redirectUrl} as a redirect URL of your client.`)
  if (kind === 'listen')
    return note('Waiting up to ten minutes for the consent. On another computer than this one, use --paste instead.')
  note('After the consent the browser ends on a page that does not load: that is as it should be.')
  note(`Copy its whole address, which begins with ${redirectUrl}?, paste it here and press Enter:`)
}

/** Whether a browser that opens here would be seen by somebody. */
function hasBrowser(env: Env): boolean {
  if (env['SSH_CONNECTION']) return false
  return process.platform !== 'linux' || Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY'] || env['WSL_DISTRO_NAME'])
}

/** The address stands in the terminal anyway, so that nothing is lost where no browser opens. */
function open(url: string, note: (text: string) => void): void {
  const tell = (): void => note('No browser could be opened; open the address by hand.')
  import('open').then(({ default: start }) => start(url)).then((browser) => browser.once('error', tell), tell)
}
