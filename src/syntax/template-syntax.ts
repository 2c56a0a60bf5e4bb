import { listNames, suggest } from '../base/nearest.ts'
import { type Argument, type FilterName, filters } from './filters.ts'

export interface FilterCall {
  readonly name: FilterName
  readonly argument?: Argument
}

/** A piece of a text: as it stands, or a value to be put in. `Name`: what a template may begin with. */
export type Part<Name extends string = Root> =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'template'
      readonly root: Name
      readonly field: string
      readonly filters: readonly FilterCall[]
      readonly text: string
      readonly offset: number
    }

export type TemplatePart<Name extends string = Root> = Extract<Part<Name>, { kind: 'template' }>

export interface SyntaxProblem {
  readonly offset: number
  readonly message: string
}

/** What templates of one kind may name. */
export interface Vocabulary<Name extends string = string> {
  /** Whether each name stands alone or needs a field behind a dot. */
  readonly roots: Readonly<Partial<Record<Name, 'alone' | 'id' | 'field'>>>
  /** As they are listed to a person. */
  readonly shown: readonly string[]
}

/** What templates of a request may name, and what each is. */
export const requestNames = {
  cursor: 'The saved cursor less `lookback`, or `start` in the first run; nothing without either.',
  'parent.FIELD': 'A field of the parent row, by its name in `parent.include`.',
  'partition.NAME': 'A value of the partition that is read.',
  now: 'The time at which the stream starts, such as 2026-01-31T10:00:00.000Z.',
  'run.id': 'The id of the run.',
  'env.NAME': 'An environment variable.',
} as const

/** Of a request: its URL, parameters, headers and body. */
const requestWords = {
  roots: { cursor: 'alone', now: 'alone', run: 'id', parent: 'field', partition: 'field', env: 'field' },
  shown: Object.keys(requestNames),
} as const satisfies Vocabulary
export type Root = keyof typeof requestWords.roots

const token =
  /\s*(?:(\}\})|(\||\(|\))|"((?:[^"\\]|\\["\\])*)"|'((?:[^'\\]|\\['\\])*)'|(-?\d+(?:\.\d+)?)(?![\w.])|([A-Za-z_][\w-]*(?:\.[\w-]+)*))/y

class Syntax extends Error {
  readonly offset: number

  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

export interface Template<Name extends string = Root> {
  readonly parts: readonly Part<Name>[]
  readonly problems: readonly SyntaxProblem[]
}

/**
 * Splits a text into what stands and what is to be put in; nothing else than this closed grammar is understood. The
 * words are those of a request where no others are given.
 */
export function parseTemplate(text: string): Template
export function parseTemplate<Name extends string>(text: string, words: Vocabulary<Name>): Template<Name>
export function parseTemplate(text: string, words: Vocabulary = requestWords): Template<string> {
  const parts: Part<string>[] = []
  const problems: SyntaxProblem[] = []
  let at = 0
  while (at < text.length) {
    const open = text.indexOf('{{', at)
    const end = open < 0 ? text.length : open
    if (end > at) parts.push({ kind: 'text', text: text.slice(at, end) })
    if (open < 0) break
    try {
      const { part, next } = parseExpression(text, open, words)
      parts.push(part)
      at = next
    } catch (error) {
      if (!(error instanceof Syntax)) throw error
      problems.push({ offset: error.offset, message: error.message })
      const close = text.indexOf('}}', open)
      at = close < 0 ? text.length : close + 2
    }
  }
  return { parts, problems }
}

export const hasTemplate = (text: string): boolean => text.includes('{{')

function parseExpression(text: string, open: number, words: Vocabulary): { part: TemplatePart<string>; next: number } {
  const reader = createReader(text, open + 2)
  const name = reader.read()
  if (!name?.[6]) throw new Syntax(name?.at ?? open, `expected one of ${listNames(words.shown)} after {{`)
  const { root, field } = checkName(name[6], name.at, words)
  const calls: FilterCall[] = []
  for (let token = reader.read(); ; token = reader.read()) {
    if (!token) throw new Syntax(open, 'this template does not end: expected }} or | and a filter')
    if (token[1])
      return {
        part: { kind: 'template', root, field, filters: calls, text: text.slice(open, reader.at()), offset: open },
        next: reader.at(),
      }
    if (token[2] !== '|') throw new Syntax(token.at, 'expected }} or | and a filter')
    calls.push(parseFilter(reader, open))
  }
}

type Token = RegExpExecArray & { at: number }
interface Reader {
  read(): Token | undefined
  back(token: Token): void
  at(): number
}

function createReader(text: string, from: number): Reader {
  let at = from
  return {
    at: () => at,
    back: (token) => (at = token.index),
    read: () => {
      token.lastIndex = at
      const match = token.exec(text)
      if (!match) return undefined
      at = token.lastIndex
      return Object.assign(match, { at: match.index + (match[0].length - match[0].trimStart().length) })
    },
  }
}

function parseFilter(reader: Reader, open: number): FilterCall {
  const token = reader.read()
  const name = token?.[6]
  if (!token || !name)
    throw new Syntax(token?.at ?? open, `expected a filter after |: one of ${listNames(Object.keys(filters))}`)
  if (!Object.hasOwn(filters, name)) {
    throw new Syntax(
      token.at,
      `unknown filter ${name.slice(0, 40)}: expected one of ${listNames(Object.keys(filters))}${suggest(name, Object.keys(filters))}`,
    )
  }
  const argument = parseArgument(reader)
  const wrong = filters[name as FilterName].check(argument)
  if (wrong) throw new Syntax(token.at, wrong)
  return { name: name as FilterName, ...(argument !== undefined && { argument }) }
}

function parseArgument(reader: Reader): Argument | undefined {
  const open = reader.read()
  if (!open) return undefined
  if (open[2] !== '(') {
    reader.back(open)
    return undefined
  }
  const value = reader.read()
  const close = reader.read()
  const words: Readonly<Record<string, Argument>> = { true: true, false: false, null: null }
  const quoted = value?.[3] ?? value?.[4]
  const argument =
    quoted === undefined
      ? value?.[5] === undefined
        ? words[value?.[6] ?? '']
        : Number(value[5])
      : quoted.replace(/\\(.)/gs, '$1')
  if (argument === undefined)
    throw new Syntax(value?.at ?? open.at, 'expected a text in quotes, a number, true, false or null inside ( )')
  if (close?.[2] !== ')') throw new Syntax(close?.at ?? open.at, 'expected ) after one argument')
  return argument
}

function checkName(name: string, at: number, { roots, shown }: Vocabulary): { root: string; field: string } {
  const [root, field] = [name.split('.', 1)[0] as string, name.split('.').slice(1).join('.')]
  if (root === 'window')
    throw new Syntax(
      at,
      `${name} needs incremental.window, which this version does not have: use {{ cursor }} and {{ now }}`,
    )
  const wanted = Object.hasOwn(roots, root) ? roots[root] : undefined
  if (wanted === undefined)
    throw new Syntax(
      at,
      `unknown name ${name.slice(0, 40)}: expected one of ${listNames(shown)}${suggest(root, Object.keys(roots))}`,
    )
  if (wanted === 'alone' && field) throw new Syntax(at, `${root} has no fields: expected {{ ${root} }}`)
  if (wanted === 'id' && field !== 'id') throw new Syntax(at, `expected {{ run.id }}`)
  if (wanted === 'field' && !field)
    throw new Syntax(at, `${root} needs a name behind it: expected ${shown.find((one) => one.startsWith(`${root}.`))}`)
  return { root, field }
}
