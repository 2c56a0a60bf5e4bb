import { forHtml } from '../base/words/media.ts'

const markup = Symbol('markup')

/** Text that is HTML already. Only `html` and `trustedMarkup` make it; data from elsewhere cannot pretend to be it. */
export interface Markup {
  readonly [markup]: string
}

export type Content = Markup | string | number | false | null | undefined | readonly Content[]

/** An HTML template whose values are escaped, for text and for quoted attributes alike; nothing, false and null print nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  const parts = tighten(strings).flatMap((text, at) => (at === 0 ? [text] : [print(values[at - 1]), text]))
  return { [markup]: parts.join('') }
}

const tightened = new WeakMap<TemplateStringsArray, readonly string[]>()

/** A template is laid out for those who read it here; a browser needs one blank where it has a line break. */
function tighten(strings: TemplateStringsArray): readonly string[] {
  const known = tightened.get(strings)
  if (known) return known
  const tight = strings.map((text) => text.replace(/(?<!\s)\s*\n\s*/g, '\n'))
  tightened.set(strings, tight)
  return tight
}

/** `text` as it stands: for constants of this program only. */
export const trustedMarkup = (text: string): Markup => ({ [markup]: text })

export const toText = (content: Markup): string => content[markup]

function print(content: Content): string {
  if (content === undefined || content === null || content === false) return ''
  if (typeof content === 'string') return forHtml(content)
  if (typeof content === 'number') return String(content)
  return isMarkup(content) ? content[markup] : content.map(print).join('')
}

const isMarkup = (content: Markup | readonly Content[]): content is Markup => markup in content
