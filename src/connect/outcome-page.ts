import { createHash } from 'node:crypto'
import { forHtml } from '../base/words/media.ts'

/** What the browser is told in the end. It never holds a code, a token or words of the provider. */
export type Outcome =
  | { readonly kind: 'connected'; readonly label: string; readonly connector: string }
  | { readonly kind: 'denied'; readonly label: string }
  | { readonly kind: 'failed'; readonly label: string }

/** Why a request to the listener is not the answer that it waits for. */
export type CallbackError = 'wrong_state' | 'used' | 'wrong_host' | 'not_found' | 'method'

interface Page {
  readonly status: number
  readonly mark: 'good' | 'bad' | 'plain'
  readonly title: string
  readonly lines: readonly string[]
}

export interface RenderedPage {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly html: string
}

export function renderOutcome(outcome: Outcome): RenderedPage {
  switch (outcome.kind) {
    case 'connected':
      return render({
        status: 200,
        mark: 'good',
        title: `Connected to ${outcome.label}`,
        lines: [
          `headrace can now read from ${outcome.label} for the connector ${outcome.connector}.`,
          'You can close this tab; the terminal says what comes next.',
        ],
      })
    case 'denied':
      return render({
        status: 200,
        mark: 'plain',
        title: 'Not connected',
        lines: [
          `You did not give headrace access to ${outcome.label}, so nothing was saved.`,
          'You can close this tab. To be asked again, run the command in the terminal once more.',
        ],
      })
    case 'failed':
      return render({
        status: 200,
        mark: 'bad',
        title: 'Not connected',
        lines: [
          `The sign-in to ${outcome.label} did not work, and nothing was saved.`,
          'You can close this tab; the terminal says what went wrong and what to do.',
        ],
      })
  }
}

const callbackErrors: Readonly<Record<CallbackError, Page>> = {
  wrong_state: {
    status: 400,
    mark: 'bad',
    title: 'This is not the answer that headrace waits for',
    lines: [
      'The address belongs to another sign-in, perhaps an earlier one in this browser, and was not used.',
      'Open the address that the terminal shows now.',
    ],
  },
  used: {
    status: 410,
    mark: 'plain',
    title: 'This answer was used already',
    lines: ['It works once only. You can close this tab; the terminal says how it ended.'],
  },
  wrong_host: { status: 421, mark: 'bad', title: 'Wrong host', lines: ['This address is for this computer only.'] },
  not_found: { status: 404, mark: 'plain', title: 'Nothing here', lines: ['headrace waits for a sign-in to end.'] },
  method: { status: 405, mark: 'bad', title: 'Wrong method', lines: ['Only GET is answered here.'] },
}

export function renderCallbackError(misfit: CallbackError): RenderedPage {
  return render(callbackErrors[misfit])
}

const style = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #556070; --paper: #f4f6f8; --card: #fff; --line: #d9dfe6;
  --good: #1a7f4b; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf1; --soft: #a5b0bd; --paper: #12171d; --card: #1b222b;
  --line: #303a46; --good: #5fd39a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { width: 100%; max-width: 34rem; padding: 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .75rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .75rem; font-size: 1.4rem; line-height: 1.3; }
p { margin: .5rem 0 0; }
p + p, footer { color: var(--soft); }
.good { border-top: .3rem solid var(--good); }
.bad { border-top: .3rem solid var(--bad); }
footer { margin-top: 1.5rem; font-size: .875rem; }
`

const styleHash = createHash('sha256').update(style).digest('base64')

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  connection: 'close',
}

/** For an answer that sends the browser on, so that the code stays neither in the address bar nor in its history. */
export const redirectHeaders = {
  'cache-control': headers['cache-control'],
  'referrer-policy': headers['referrer-policy'],
  connection: headers.connection,
}

function render({ status, mark, title, lines }: Page): RenderedPage {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>${forHtml(title)} · headrace</title>
<style>${style}</style>
</head>
<body>
<main class="${mark}">
<h1>${forHtml(title)}</h1>
${lines.map((line) => `<p>${forHtml(line)}</p>`).join('\n')}
<footer>headrace</footer>
</main>
</body>
</html>
`
  return { status, headers, html }
}
