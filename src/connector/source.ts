import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Document, Node } from 'yaml'
import { type Finding, type Path, type Problem, showPath } from './problems.ts'
import { readValue } from './source-value.ts'

/** A parsed file: plain values, and where in the text each of them stands. */
export interface Source {
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** False where the text could not be read at all, so that nothing can be said of its values. */
  readonly readable: boolean
  locate(finding: Finding): Problem
}

/** Parses YAML 1.2 or JSON. Never throws: what is wrong is in `problems`, and no message quotes the text. */
export function readSource(text: string): Source {
  const counter = new LineCounter()
  const place = (offset: number) => {
    const { line, col } = counter.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const unreadable = (problem: Problem): Source => ({
    value: undefined,
    problems: [problem],
    readable: false,
    locate: () => problem,
  })
  const doc = parseText(text, counter)
  if (!doc) return unreadable({ line: 1, column: 1, key: '', message: 'expected at most 64 levels of nesting' })
  if (doc.contents === null || (isScalar(doc.contents) && doc.contents.value === null && doc.errors.length === 0)) {
    return unreadable({
      line: 1,
      column: 1,
      key: '',
      message: 'the file is empty: expected a connector with name, base_url and streams',
    })
  }
  const { value, problems, whole } = readValue(doc)
  const syntax = [...doc.errors, ...doc.warnings].map(({ code, pos }) => ({
    ...place(pos[0]),
    key: '',
    message: sentences[code] ?? 'this is not valid YAML',
  }))
  const found = problems.map(({ node, path, message }) => ({
    ...place(node.range?.[0] ?? 0),
    key: showPath(path),
    message,
  }))
  return {
    value,
    // Of a text that is no YAML the values are guesses: nothing is said of them.
    problems: syntax.length > 0 ? syntax : found,
    readable: syntax.length === 0 && whole,
    locate: ({ path, message, at, offset }) => ({
      ...place(findOffset(doc, text, { path, at, offset })),
      key: showPath(path),
      message,
    }),
  }
}

/** Undefined where the nesting is so deep that the parser itself gives up. */
function parseText(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    // Unique keys are checked in source-value.ts, as the parser compares each key with each other.
    return parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      uniqueKeys: false,
      schema: 'core',
      resolveKnownTags: false,
    })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** The parser's own messages quote the file, which may hold a secret that should not be there. */
const sentences: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'an alias is * and a name; a text that begins with * needs quotes',
  BAD_DQ_ESCAPE: 'a \\ inside double quotes begins an escape: write \\\\, or use single quotes',
  BAD_INDENT: 'the indentation does not fit the lines above',
  BAD_SCALAR_START: 'a text cannot begin with this character: put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " on one line: put the text in quotes, or begin a new line',
  BLOCK_IN_FLOW: 'inside { } and [ ] everything is written on the spot: a block cannot stand here',
  MISSING_CHAR: 'something is missing here: a closing quote, bracket or comma, or a space after a colon',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line and end with a colon',
  MULTIPLE_DOCS: 'expected one document, but --- begins a second one',
  RESOURCE_EXHAUSTION: 'expected at most 64 levels of nesting',
  TAB_AS_INDENT: 'a tab cannot indent: use spaces',
  TAG_RESOLVE_FAILED: 'tags (!name) have no meaning here; a text that begins with ! needs quotes',
  UNEXPECTED_TOKEN: 'this does not belong here: a quote, bracket or comma is missing or one too many',
}

/** The offset in the text of the value (or key) at a path, or of the nearest thing above it that is there. */
function findOffset(
  doc: Document.Parsed,
  text: string,
  { path, at, offset }: { path: Path; at?: 'key' | 'value' | undefined; offset?: number | undefined },
): number {
  let node = resolveAlias(doc, doc.contents)
  let start = node?.range?.[0] ?? 0
  for (const [index, part] of path.entries()) {
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === part) : undefined
    const child = pair
      ? (pair.value as Node | null)
      : isSeq(node)
        ? (node.items[part as number] as Node | undefined)
        : undefined
    if (!pair && !child) return start
    const key = pair?.key as Node | undefined
    const last = index === path.length - 1
    start = ((last && at === 'key' ? key : undefined) ?? child ?? key)?.range?.[0] ?? start
    node = resolveAlias(doc, child ?? null)
  }
  if (offset === undefined || !isScalar(node) || typeof node.value !== 'string') return start
  // Only where the text stands in the file as it is (no escapes, no folded lines) is a place inside it known.
  const at0 = text.slice(start, node.range?.[1]).indexOf(node.value)
  return at0 < 0 ? start : start + at0 + offset
}

function resolveAlias(doc: Document.Parsed, node: Node | null): Node | undefined {
  return (isAlias(node) ? node.resolve(doc) : node) ?? undefined
}
