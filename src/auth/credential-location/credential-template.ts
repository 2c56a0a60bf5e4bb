import { z } from 'zod'
import { type TemplatePart, type Vocabulary, parseTemplate } from '../../syntax/template-syntax.ts'
import { applyFilters, showValue } from '../../syntax/template-value.ts'
import type { ApiRequest } from '../../http/send.ts'
import type { Redactor } from '../../secrets/redactor.ts'
import { type SecretRef, parseSecretRef, secretRef } from '../../secrets/ref.ts'
import { Secret } from '../../secrets/secret.ts'
import { comparePairs, splitPairs } from '../signature/percent.ts'

/** What the templates of a sign-in request may name, and what each is. */
export const loginNames = {
  timestamp: 'The time in whole seconds since 1970; a filter such as `date` or `epoch_ms` gives it another form.',
  nonce: 'A value for one request: 32 random hex digits, or by the `nonce` of hmac.',
  'secret.NAME': 'A secret of the key `secrets`.',
} as const

/** What the templates of a signature may name besides. */
export const signingNames = {
  method: 'The HTTP method.',
  url: 'The URL with its query string.',
  host: 'The host, with a port that is not the usual one.',
  path: 'The path.',
  target: 'The path with the query string.',
  query: 'The query string, without the question mark.',
  sorted_query: 'The query string, sorted by name and value.',
  sorted_pairs: 'The names and values of the query, decoded and sorted, with nothing between them.',
  body: 'The request body; an empty text if there is none.',
  'header.NAME': 'A header of the request.',
} as const

/** What the templates of a sign-in request may name. */
export const loginWords = {
  roots: { timestamp: 'alone', nonce: 'alone', secret: 'field' },
  shown: Object.keys(loginNames),
} as const satisfies Vocabulary

/** What the templates of a signature may name: the same, and the request as it goes out. */
export const signingWords = {
  roots: {
    ...loginWords.roots,
    ...({ method: 'alone', url: 'alone', host: 'alone', path: 'alone', target: 'alone', query: 'alone' } as const),
    ...({ sorted_query: 'alone', sorted_pairs: 'alone', body: 'alone', header: 'field' } as const),
  },
  shown: [...Object.keys(signingNames), ...loginWords.shown],
} as const satisfies Vocabulary

type Word = keyof typeof signingWords.roots
type Words = Vocabulary<Word>

export interface CredentialScope {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly nonce: string
  readonly secrets: ReadonlyMap<string, Secret>
  /** Learns what filters make of a secret: its hash will often do in its place. */
  readonly redactor: Redactor
  /** Of a signature only, and its URL. */
  readonly request?: ApiRequest
  readonly url?: URL
}

/** A text whose templates are put in; what is empty is an empty text. */
export type CredentialTemplate = (scope: CredentialScope) => string

interface CompileOptions {
  /** The key of the text, for messages. */
  readonly where: string
  /** What is done to each value before it stands in the text, unless the template itself ends with `urlencode`. */
  readonly encode?: (value: string) => string
}

/** Compiles a text that was checked when the file was loaded. */
export function compileTemplate(
  text: string,
  words: Words,
  { where, encode = (value) => value }: CompileOptions,
): CredentialTemplate {
  const { parts } = parseTemplate(text, words)
  return (scope) =>
    parts
      .map((part) => {
        if (part.kind === 'text') return part.text
        const value = evaluatePart(part, scope, where)
        return part.filters.at(-1)?.name === 'urlencode' ? value : encode(value)
      })
      .join('')
}

/** The same, but a text that is one template keeps the type of its value. */
export function evaluateTemplate(text: string, words: Words, scope: CredentialScope, where: string): unknown {
  const { parts } = parseTemplate(text, words)
  const [only] = parts
  if (parts.length !== 1 || only?.kind !== 'template') return compileTemplate(text, words, { where })(scope)
  const value = applyFilters(lookUp(only, scope), { part: only, context: { where }, hashesNothing: true }) ?? ''
  if (typeof value === 'string') learnDerived(value, only, scope)
  return value
}

function learnDerived(value: string, { root, filters }: TemplatePart<Word>, { redactor }: CredentialScope): void {
  if (root === 'secret' && filters.length > 0) redactor.add(new Secret(value))
}

function evaluatePart(part: TemplatePart<Word>, scope: CredentialScope, where: string): string {
  const place = { part, context: { where }, hashesNothing: true }
  const value = applyFilters(lookUp(part, scope), place)
  if (value === undefined) return ''
  const text = showValue(value, place)
  learnDerived(text, part, scope)
  return text
}

function lookUp(
  { root, field, filters }: TemplatePart<Word>,
  { now, nonce, secrets, request, url }: CredentialScope,
): unknown {
  switch (root) {
    case 'timestamp':
      // In seconds, which is what most providers mean by the word, unless a filter asks for another form of the moment.
      return ['date', 'epoch', 'epoch_ms', 'add'].includes(filters[0]?.name ?? '')
        ? new Date(now).toISOString()
        : Math.floor(now / 1_000)
    case 'nonce':
      return nonce
    case 'secret':
      return secrets.get(field)?.reveal()
    case 'method':
    case 'url':
    case 'host':
    case 'path':
    case 'target':
    case 'query':
    case 'sorted_query':
    case 'sorted_pairs':
    case 'body':
    case 'header':
      return request && readRequest(root, field, { request, url: url ?? new URL(request.url) })
  }
}

function readRequest(
  word: Exclude<Word, keyof typeof loginWords.roots>,
  field: string,
  { request, url }: { readonly request: ApiRequest; readonly url: URL },
): string | undefined {
  const query = url.search.slice(1)
  switch (word) {
    case 'method':
      return request.method
    case 'url':
      return `${url.origin}${url.pathname}${url.search}`
    case 'host':
      return url.host
    case 'path':
      return url.pathname
    case 'target':
      return `${url.pathname}${url.search}`
    case 'query':
      return query
    case 'sorted_query':
      return splitPairs(query)
        .toSorted(comparePairs)
        .map(([name, value]) => `${name}=${value}`)
        .join('&')
    case 'sorted_pairs':
      return [...new URLSearchParams(query)].toSorted(comparePairs).flat().join('')
    case 'body':
      return request.body ?? ''
    case 'header':
      return request.headers[field.toLowerCase()]
  }
}

/** Reports what is wrong with the templates of a text. */
export function checkTemplate(words: Words): (text: string, context: z.core.$RefinementCtx<string>) => void {
  return (text, context) => {
    for (const { message } of parseTemplate(text, words).problems) context.addIssue({ code: 'custom', message })
  }
}

/** A text with templates, its grammar checked. */
export function templateText(words: Words): z.ZodString {
  return z.string().superRefine(checkTemplate(words))
}

/** A secret, or a text with templates. */
export function templateOrSecret(words: Words) {
  return templateText(words).transform((text): SecretRef | string => parseSecretRef(text) ?? text)
}

/** Secrets for templates, which name them as `secret.NAME`. */
export const namedSecrets = z
  .record(z.string().regex(/^[\w-]+$/, { error: 'expected letters, digits, _ and -' }), secretRef)
  .default({})
  .meta({ description: 'Secrets that templates use as secret.NAME.', examples: [{ pin: 'secret:acme-pin' }] })

/** The secrets that a text names and `known` lacks. */
export function listUnknownSecrets(text: string, words: Words, known: object): readonly string[] {
  return parseTemplate(text, words).parts.flatMap((part) =>
    part.kind === 'template' && part.root === 'secret' && !Object.hasOwn(known, part.field) ? [part.field] : [],
  )
}
