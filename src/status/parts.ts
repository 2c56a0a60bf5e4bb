import { formatCount } from './format.ts'
import { type Content, html } from './html.ts'

export interface Parts {
  /** Entries in all. */
  readonly of: number
  /** The one that is shown, from 1. */
  readonly part: number
  readonly size: number
  readonly noun: string
}

/** Links to the neighbours of a part of a long list; nothing where the list is short. */
export function renderParts({ of, part, size, noun }: Parts, href: (part: number) => string): Content {
  const last = Math.max(1, Math.ceil(of / size))
  if (last === 1 && part === 1) return undefined
  const [first, end] = [(part - 1) * size + 1, Math.min(of, part * size)]
  const shown =
    first <= of ? `${formatCount(first)} to ${formatCount(end)} of ${formatCount(of)}` : `${formatCount(of)} in all`
  return html`<nav class="parts" aria-label="More ${noun}">
    ${part > 1 && html`<a rel="prev" href="${href(Math.min(part - 1, last))}">Previous</a>`}<span class="dim"
      >${noun} ${shown}</span
    >${part < last && html`<a rel="next" href="${href(part + 1)}">Next</a>`}
  </nav>`
}
