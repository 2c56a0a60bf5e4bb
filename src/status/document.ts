import type { Page, PageOptions } from './page.ts'
import { formatMoment } from './format.ts'
import { type Content, type Markup, html, toText, trustedMarkup } from './html.ts'
import { stateShapes } from './state.ts'
import { filePolicy, policy, style } from './style.ts'

/** Water that falls onto a wheel through a channel. */
const mark = trustedMarkup(
  '<svg viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"><path d="M1 5h9c3 0 4 2 4 4.5"/><path d="M1 9.5h7"/><circle cx="13" cy="14" r="4.5"/><path d="M13 11.5v5m-2.5-2.5h5"/></svg>',
)
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20' fill='none' stroke='%230f8b8d' stroke-width='2' stroke-linecap='round'%3E%3Cpath d='M1 5h9c3 0 4 2 4 4.5M1 9.5h7'/%3E%3Ccircle cx='13' cy='14' r='4.5'/%3E%3C/svg%3E"

const styleElement = trustedMarkup(`<style>${style}</style>`)

export interface DocumentParts {
  readonly title: string
  readonly main: Content
  readonly status?: number
}

/** The document around the content of a page, and the headers that it is served with. */
export function createPage({ title, main, status = 200 }: DocumentParts, options: PageOptions): Page {
  const { now, standalone, viewer, csrf } = options
  const moment = new Date(now).toISOString()
  const document: Markup = html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        ${standalone && html`<meta http-equiv="Content-Security-Policy" content="${filePolicy}" />`}
        <title>${title}</title>
        <link rel="icon" href="${icon}" />
        ${styleElement}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>${stateShapes}
        <header class="top">
          <a class="brand" href="${standalone ? '#main' : `${baseOf(options)}/`}">${mark}headrace</a>
          <p>As of <time datetime="${moment}">${formatMoment(now)} UTC</time></p>
          ${
            !standalone &&
            viewer &&
            html`<p>${viewer.name}</p>
              ${csrf !== undefined && html`<form method="post" action="${baseOf(options)}/logout"><input type="hidden" name="csrf" value="${csrf}" /><button class="quiet">Sign out</button></form>`}`
          }
        </header>
        <main id="main" tabindex="-1">${main}</main>
        <footer>
          ${standalone ? 'Written by headrace status --html' : html`The same as JSON: <a href="${baseOf(options)}/status.json">status.json</a>`}
        </footer>
      </body>
    </html> `
  return { status, html: toText(document), headers }
}

export const baseOf = ({ base = '' }: PageOptions): string => base

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': policy,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const
