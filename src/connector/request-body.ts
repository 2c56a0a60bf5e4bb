import { SyncError } from '../base/errors.ts'
import type { StreamConfig } from './connector.ts'
import { isKeys } from './defaults.ts'
import {
  evaluate,
  isEmpty,
  partsOf,
  renderValue,
  showValue,
  sourceOf,
  type TemplateContext,
} from '../syntax/template-value.ts'

export interface RenderedBody {
  readonly text: string
  readonly contentType: string
}

/** The body of a request, with the content type that goes with it; undefined where the stream sends none. */
export function renderBody(
  stream: Pick<StreamConfig, 'list_style'> & Partial<Pick<StreamConfig, 'body' | 'body_format'>>,
  context: TemplateContext,
  contentType = '',
): RenderedBody | undefined {
  const { body } = stream
  if (body === undefined || body === null) return undefined
  const format = bodyFormat(stream, contentType)
  switch (format) {
    case 'json': {
      const value = renderJson(body, context)
      return value === undefined ? undefined : { text: JSON.stringify(value), contentType: 'application/json' }
    }
    case 'form':
      return {
        text: renderForm(body, { context, style: stream.list_style }),
        contentType: 'application/x-www-form-urlencoded',
      }
    case 'text':
      return {
        text: renderText(typeof body === 'string' ? body : JSON.stringify(body), context),
        contentType: 'text/plain; charset=utf-8',
      }
  }
}

/** What a body is sent as: keys and values go out as a form where a `Content-Type` of the file says so, whose text is then signed. */
export function bodyFormat(
  { body, body_format: format }: Partial<Pick<StreamConfig, 'body' | 'body_format'>>,
  contentType: string,
): StreamConfig['body_format'] {
  const isForm = /^\s*application\/x-www-form-urlencoded\b/i.test(contentType)
  return isForm && isKeys(body) && format !== 'text' ? 'form' : (format ?? 'json')
}

/** The `Content-Type` among headers as they are written; a later one takes the place of an earlier one. */
export function contentTypeOf(...headers: readonly (Readonly<Record<string, string>> | undefined)[]): string {
  const all = headers.flatMap((some) => Object.entries(some ?? {}))
  return all.findLast(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
}

/** A member or item whose template is empty is left out. */
function renderJson(value: unknown, context: TemplateContext): unknown {
  if (typeof value === 'string') return renderValue(value, context) ?? (value === '' ? '' : undefined)
  if (Array.isArray(value)) return value.map((item) => renderJson(item, context)).filter((item) => item !== undefined)
  if (!isKeys(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const rendered = renderJson(inner, context)
      return rendered === undefined ? [] : [[key, rendered]]
    }),
  )
}

function renderForm(
  body: unknown,
  { context, style }: { context: TemplateContext; style: StreamConfig['list_style'] },
): string {
  if (!isKeys(body)) throw new SyncError('CONFIG_INVALID', `A form body in ${context.where} must be keys and values.`)
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(body)) {
    const { texts, list } = renderList(value, context)
    if (style === 'comma' && texts.length > 0) form.append(name, texts.join(','))
    else for (const text of texts) form.append(style === 'brackets' && list ? `${name}[]` : name, text)
  }
  return form.toString()
}

function renderText(text: string, context: TemplateContext): string {
  return partsOf(text, context)
    .map((part) => {
      if (part.kind === 'text') return part.text
      const value = evaluate(part, context)
      return isEmpty(value) ? '' : showValue(value, { part, context })
    })
    .join('')
}

/** The values of a parameter or form field as texts, and whether they are a list; what is empty is left out. */
export function renderList(value: unknown, context: TemplateContext): { texts: readonly string[]; list: boolean } {
  if (Array.isArray(value)) return { texts: value.flatMap((item) => renderList(item, context).texts), list: true }
  if (value === '') return { texts: [''], list: false }
  const rendered = typeof value === 'string' ? renderValue(value, context) : value
  const list = Array.isArray(rendered)
  const source = typeof value === 'string' ? sourceOf(value, context) : plainText
  const items: readonly unknown[] = list ? rendered : [rendered]
  const texts = items.filter((item) => !isEmpty(item)).map((item) => showValue(item, { part: source, context }))
  return { texts, list }
}

const plainText = { kind: 'text', text: '' } as const
