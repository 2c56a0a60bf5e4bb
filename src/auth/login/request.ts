import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { isSecretRef, type SecretRef } from '../../secrets/ref.ts'
import type { Secret } from '../../secrets/secret.ts'
import type { AuthDeps } from '../auth.ts'
import {
  type CredentialScope,
  checkTemplate,
  compileTemplate,
  evaluateTemplate,
  listUnknownSecrets,
  loginWords,
  templateOrSecret,
} from '../credential-location/credential-template.ts'
import { httpToken } from '../credential-location/header.ts'
import { secureUrl } from '../../syntax/secure-url.ts'

const value = templateOrSecret(loginWords)

/** What a body may be: JSON whose texts are secrets, or may hold templates. */
type Tree = SecretRef | string | number | boolean | null | readonly Tree[] | { readonly [name: string]: Tree }
type WrittenTree = string | number | boolean | null | WrittenTree[] | { [name: string]: WrittenTree }

const tree: z.ZodType<Tree, WrittenTree> = z.lazy(() =>
  z.union([value, z.number(), z.boolean(), z.null(), z.array(tree), z.record(z.string(), tree)]),
)

const values = z.record(z.string().min(1), value).default({})

export const loginRequest = z
  .strictObject({
    method: z
      .enum(['GET', 'POST', 'PUT'])
      .default('POST')
      .meta({ description: 'The HTTP method.', examples: ['GET'] }),
    url: secureUrl.superRefine(checkTemplate(loginWords)).meta({
      description: 'The URL; may have templates after its host.',
      examples: ['https://api.acme.example/login'],
    }),
    params: values.meta({
      description: 'Query parameters: secrets, or texts with templates.',
      examples: [{ key: 'secret:acme-key' }],
    }),
    headers: values.meta({
      description: 'Headers: secrets, or texts with templates.',
      examples: [{ 'X-Client': 'acme' }],
    }),
    body: tree.optional().meta({
      title: 'any value',
      description: 'The request body; its texts are secrets, or may have templates.',
      examples: [{ username: 'me', password: 'secret:password' }],
    }),
    body_format: z
      .enum(['json', 'form', 'text'])
      .default('json')
      .meta({ description: 'How the body is encoded.', examples: ['form'] }),
  })
  .superRefine(({ method, url, headers, body, body_format }, context) => {
    const report = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
    if (/^[^/]*\/\/[^/?#]*\{\{/.test(url)) report(['url'], 'expected no template in the host')
    if (method === 'GET' && body !== undefined) report(['body'], 'a GET has no body: add method: POST')
    if (body_format === 'form' && body !== undefined && !isForm(body))
      report(['body'], 'expected names and values, as body_format is form')
    if (body_format === 'text' && body !== undefined && typeof body !== 'string' && !isSecretRef(body))
      report(['body'], 'expected text, as body_format is text')
    for (const name of Object.keys(headers))
      if (!httpToken.test(name)) report(['headers', name], 'expected a header name of letters, digits and hyphens')
  })

export type LoginRequest = z.output<typeof loginRequest>

function isForm(body: Tree): body is Readonly<Record<string, Tree>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || isSecretRef(body)) return false
  return Object.values(body).every((one) => typeof one !== 'object' || one === null || isSecretRef(one))
}

/** The secrets that the texts of a request name and `known` lacks. */
export function listMissing({ url, params, headers, body }: LoginRequest, known: object): readonly string[] {
  return listTexts([url, params, headers, body ?? null]).flatMap((text) => listUnknownSecrets(text, loginWords, known))
}

function listTexts(written: Tree): readonly string[] {
  if (typeof written === 'string') return [written]
  if (typeof written !== 'object' || written === null || isSecretRef(written)) return []
  return Object.values(written).flatMap((inner: Tree) => listTexts(inner))
}

/** A request as `fetch` takes it. */
export interface RenderedLogin {
  readonly url: string
  readonly init: { readonly method: string; readonly headers: Record<string, string>; readonly body?: string }
}

const contentTypes = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  text: 'text/plain; charset=utf-8',
} as const

/** Puts the secrets and the moment in. Called again for each attempt, so that a nonce is used once. */
export function renderLogin(
  request: LoginRequest,
  secrets: ReadonlyMap<string, Secret>,
  deps: Pick<AuthDeps, 'now' | 'secret' | 'redactor'>,
): RenderedLogin {
  const nonce = randomBytes(16).toString('hex')
  const scope: CredentialScope = { now: deps.now(), nonce, secrets, redactor: deps.redactor }
  const show = (text: SecretRef | string, where: string): string =>
    typeof text === 'string' ? compileTemplate(text, loginWords, { where })(scope) : deps.secret(text).reveal()
  const showAll = (all: Readonly<Record<string, SecretRef | string>>, where: string) =>
    Object.entries(all).map(([name, text]) => [name, show(text, `${where}.${name}`)] as const)
  const where = 'auth.request.url'
  const url = new URL(compileTemplate(request.url, loginWords, { where, encode: encodeURIComponent })(scope))
  for (const [name, text] of showAll(request.params, 'auth.request.params')) url.searchParams.set(name, text)
  const headers = showAll(request.headers, 'auth.request.headers').map(([name, text]) => [name.toLowerCase(), text])
  const body = renderBody(request, (text) =>
    isSecretRef(text) ? deps.secret(text).reveal() : evaluateTemplate(text, loginWords, scope, 'auth.request.body'),
  )
  return {
    url: url.href,
    init: {
      method: request.method,
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': contentTypes[request.body_format] }),
        ...Object.fromEntries(headers),
      },
      ...(body !== undefined && { body }),
    },
  }
}

function renderBody({ body, body_format: format }: LoginRequest, show: (text: SecretRef | string) => unknown) {
  if (body === undefined) return undefined
  const fill = (inner: Tree): unknown => {
    if (typeof inner === 'string' || isSecretRef(inner)) return show(inner)
    if (Array.isArray(inner)) return inner.map(fill)
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(Object.entries(inner).map(([name, one]) => [name, fill(one)]))
  }
  const filled = fill(body)
  if (format === 'text') return String(filled)
  if (format !== 'form') return JSON.stringify(filled)
  const pairs = Object.entries(filled as Readonly<Record<string, unknown>>).filter(([, one]) => one !== null)
  return new URLSearchParams(pairs.map(([name, one]): [string, string] => [name, String(one)])).toString()
}
