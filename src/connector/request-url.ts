import type { StreamConfig } from './connector.ts'
import { encodeParams, overlayParams, parseQuery, type Param } from '../syntax/query.ts'
import { type Part, parseTemplate } from '../syntax/template-syntax.ts'
import {
  evaluate,
  isEmpty,
  partsOf,
  showValue,
  sourceOf,
  valueError,
  type TemplateContext,
} from '../syntax/template-value.ts'

interface Target {
  readonly baseUrl: string
  readonly stream: Pick<StreamConfig, 'path' | 'url'>
  /** Parameters as they are written. */
  readonly templates: Readonly<Record<string, unknown>>
  /** Connector parameters, which a query of the path stands above, and the stream's, which stand above both. */
  readonly under: readonly Param[]
  readonly over: readonly Param[]
}

/** Characters that a URL or a header may have: servers refuse what is longer (Node.js: 16 KiB for all of a request's head). */
export const longestRequest = 16 * 1024

/**
 * The absolute URL of a request: `url`, or `path` below `base_url`, with the parameters behind it. A template's value is percent-encoded
 * as a whole (RFC 3986 section 2.1), so that nothing in it can end the segment or the parameter that it stands in.
 */
export function renderUrl({ baseUrl, stream, templates, under, over }: Target, context: TemplateContext): string {
  const [base, baseQuery = ''] = splitOnce(baseUrl.split('#', 1)[0] as string)
  const { path, query } = splitParts(partsOf(stream.url ?? stream.path ?? '', context))
  const below = renderPath(path, context)
  const root = stream.url === undefined ? base : ''
  const joined = root && below ? `${root.replace(/(?<!\/)\/+$/, '')}/${below.replace(/^\/+/, '')}` : root || below
  const last = sourceOf(stream.url ?? stream.path ?? '', context)
  const url = URL.parse(joined)
  if (!url) throw valueError('makes no URL with what stands around it', { part: last, context })
  const written = overlayParams(stream.url === undefined ? parseQuery(baseQuery) : [], renderQuery(query, context))
  url.search = encodeParams(overlayParams(overlayParams(under, written), over))
  url.hash = ''
  if (url.href.length > longestRequest) {
    const texts = [stream.url ?? stream.path ?? '', ...Object.values(templates)].filter(
      (text) => typeof text === 'string',
    )
    const part = texts.map((text) => sourceOf(text, context)).find(({ kind }) => kind === 'template') ?? last
    throw valueError(`makes a URL of ${url.href.length} characters, where servers take ${longestRequest}`, {
      part,
      context,
    })
  }
  return url.href
}

/** Whether the last segment of the path names one thing, such as `/orders/{{ parent.id }}`. */
export function endsInPlaceholder({ path, url }: Pick<StreamConfig, 'path' | 'url'>): boolean {
  const parts = parseTemplate(url ?? path ?? '').parts.map((part) => (part.kind === 'text' ? part.text : '\0'))
  const [written] = splitOnce(parts.join(''))
  return (
    written
      .replace(/(?<!\/)\/+$/, '')
      .split('/')
      .at(-1)
      ?.includes('\0') === true
  )
}

function splitOnce(text: string): [string, string?] {
  const at = text.indexOf('?')
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

/** Splits at the first ? that is written in the file; one in a value or in an argument of a filter is no separator. */
function splitParts(parts: readonly Part[]): { path: readonly Part[]; query: readonly Part[] } {
  const at = parts.findIndex((part) => part.kind === 'text' && part.text.includes('?'))
  const part = parts[at]
  if (part?.kind !== 'text') return { path: parts, query: [] }
  const [before, after = ''] = splitOnce(part.text)
  return {
    path: [...parts.slice(0, at), { kind: 'text', text: before }],
    query: [{ kind: 'text', text: after }, ...parts.slice(at + 1)],
  }
}

function renderPath(parts: readonly Part[], context: TemplateContext): string {
  const texts = parts.map((part) => encodeStep(part, context))
  const segments = texts.join('').split('/')
  // Even encoded, `..` would climb (WHATWG URL, "double-dot URL path segment"): there is no way to write such a value.
  const climbing = segments.findIndex((segment) => /^(\.|%2e){1,2}$/i.test(segment))
  const begins = (at: number): number => texts.slice(0, at).join('').split('/').length - 1
  const part = parts.findLast(({ kind }, at) => kind === 'template' && begins(at) <= climbing)
  if (part) throw valueError('is . or .., which cannot stand in a path', { part, context })
  return texts.join('')
}

function encodeStep(part: Part, context: TemplateContext): string {
  const text = encodePart(part, context)
  if (part.kind === 'template' && /%(?:[01][0-9a-f]|7f)/i.test(text))
    throw valueError('holds control characters, which cannot stand in a path', { part, context })
  return text
}

function encodePart(part: Part, context: TemplateContext): string {
  if (part.kind === 'text') return part.text
  const value = evaluate(part, context)
  if (isEmpty(value)) throw valueError('is empty, which cannot stand in a path', { part, context })
  const text = showValue(value, { part, context })
  return part.filters.at(-1)?.name === 'urlencode' ? text : encodeURIComponent(text)
}

/** The parameters written behind ? in the path; one with an empty template is left out. */
function renderQuery(parts: readonly Part[], context: TemplateContext): readonly Param[] {
  const pairs: Part[][] = [[]]
  for (const part of parts) {
    if (part.kind === 'template') pairs.at(-1)?.push(part)
    else
      part.text
        .split('&')
        .forEach((text, at) =>
          at === 0 ? pairs.at(-1)?.push({ kind: 'text', text }) : pairs.push([{ kind: 'text', text }]),
        )
  }
  return pairs.flatMap((pair) => {
    const empty = pair.some((part) => part.kind === 'template' && isEmpty(evaluate(part, context)))
    return empty ? [] : parseQuery(pair.map((part) => encodePart(part, context)).join(''))
  })
}
