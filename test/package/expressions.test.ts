import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkSync } from 'recheck'
import { type Expression, type Node, type TemplateExpression, SyntaxKind } from 'typescript/unstable/ast'
import {
  isIdentifier,
  isNewExpression,
  isNoSubstitutionTemplateLiteral,
  isRegularExpressionLiteral,
  isStringLiteral,
  isTaggedTemplateExpression,
  isTemplateExpression,
  isVariableDeclaration,
} from 'typescript/unstable/ast/is'
import { API } from 'typescript/unstable/sync'

/** Not with the programs that the library brings along: whether they start depends on the machine. */
process.env['RECHECK_SYNC_BACKEND'] = 'pure'

interface Written {
  readonly source: string
  readonly flags: string
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const api = new API({ cwd: root })
after(() => api.close())

/** Every expression of `src/`, and where it stands first. */
function listExpressions(): ReadonlyMap<string, Written & { readonly place: string }> {
  const [project] = api.updateSnapshot({ openProject: `${root}tsconfig.json` }).getProjects()
  const names = project?.program.getSourceFileNames().filter((name) => name.startsWith(`${root}src/`)) ?? []
  const found = new Map<string, Written & { readonly place: string }>()
  for (const name of names) {
    const constants = new Map<string, string>()
    visit(project?.program.getSourceFile(name), (node) => {
      if (isVariableDeclaration(node) && isIdentifier(node.name) && node.initializer)
        constants.set(node.name.text, textOf(node.initializer, constants))
      const written = expressionOf(node, constants)
      const key = written && `/${written.source}/${written.flags}`
      if (key && !found.has(key)) found.set(key, { ...written, place: name.slice(root.length) })
    })
  }
  return found
}

function visit(node: Node | undefined, see: (node: Node) => void): void {
  if (!node) return
  see(node)
  node.forEachChild((child) => visit(child, see))
}

function expressionOf(node: Node, constants: ReadonlyMap<string, string>): Written | undefined {
  if (isRegularExpressionLiteral(node)) {
    const end = node.text.lastIndexOf('/')
    return { source: node.text.slice(1, end), flags: node.text.slice(end + 1) }
  }
  if (!isNewExpression(node) || !isIdentifier(node.expression) || node.expression.text !== 'RegExp') return undefined
  const [source, flags] = node.arguments ?? []
  return source && { source: textOf(source, constants), flags: flags ? textOf(flags, constants) : '' }
}

/** A text that is put together; what is not known of it is taken for a letter. */
function textOf(node: Expression, constants: ReadonlyMap<string, string>): string {
  if (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node)) return node.text
  if (isIdentifier(node)) return constants.get(node.text) ?? 'x'
  const template = isTaggedTemplateExpression(node) ? node.template : node
  if (template.kind === SyntaxKind.NoSubstitutionTemplateLiteral) return template.getText().slice(1, -1)
  if (!isTemplateExpression(template)) return 'x'
  return joinTemplate(template, isTaggedTemplateExpression(node), constants)
}

function joinTemplate(
  { head, templateSpans }: TemplateExpression,
  raw: boolean,
  constants: ReadonlyMap<string, string>,
) {
  const show = (part: { readonly text: string; readonly rawText?: string }) => (raw ? (part.rawText ?? '') : part.text)
  const spans = templateSpans.map(({ expression, literal }) => textOf(expression, constants) + show(literal))
  return show(head) + spans.join('')
}

test('no expression takes the square of the length of a text, or longer: hostile texts would stop the process', () => {
  const expressions = listExpressions()
  assert.ok(expressions.size > 300, `${expressions.size} expressions`)
  const slow = [...expressions].filter(([, { source, flags }]) => /[*+]|\{\d+,\}/.test(source) && isSlow(source, flags))
  assert.deepEqual(
    slow.map(([text, { place }]) => `${place}: ${text}`),
    [],
  )
})

/** One that the library cannot judge in time is not known to be slow. */
const isSlow = (source: string, flags: string): boolean =>
  checkSync(source, flags, { timeout: 1_500 }).status === 'vulnerable'
