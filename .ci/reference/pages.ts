import { globSync, readFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { connectorJsonSchema } from '../../src/connector/json-schema.ts'
import { type FindLink, type KeyRow, listKeys } from './keys.ts'
import { type JsonSchema, schemaAt } from './json-schema.ts'
import { anchorOf, inlineYaml, writeTable } from './markdown.ts'
import { tables } from './tables.ts'

/** A table in a page, between `<!-- keys PATH -->` (or `<!-- keys PATH: KEY KEY -->`, some of them) and `<!-- end -->`. */
interface Block {
  readonly page: string
  readonly path: string
  /** All where empty. */
  readonly keys: readonly string[]
  /** The heading above it. */
  readonly heading: string
}

/** `connector` stands for the file as a whole. */
const block = /<!-- keys (?:connector|([\w.]+))(?:: ([\w ]+))? -->\n[\s\S]*?<!-- end -->/g

/** Keys that hold what another key holds too, and are described there. */
const twins: Readonly<Record<string, string>> = { 'streams.auth': 'auth', defaults: 'streams' }

const schema = connectorJsonSchema() as JsonSchema

/** The pages that have a table, as they are, by their paths from the root of the repository. */
export function readPages(): ReadonlyMap<string, string> {
  const texts = globSync('src/**/*.md')
    .toSorted()
    .map((page) => [page, readFileSync(page, 'utf8')] as const)
  return new Map(texts.filter(([, text]) => text.search(block) >= 0))
}

/** The pages with their tables as the code has them. */
export function writePages(pages: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const blocks = listBlocks(pages)
  return new Map(
    [...pages].map(([page, text]) => [
      page,
      text.replaceAll(block, (_, path = '', keys = '') => {
        const head = `<!-- keys ${path || 'connector'}${keys && `: ${keys}`} -->`
        return `${head}\n${writeBlock({ page, path, keys: splitNames(keys), heading: '' }, blocks)}\n<!-- end -->`
      }),
    ]),
  )
}

/** The path of every key that some page describes. */
export function listDescribed(pages: ReadonlyMap<string, string>): readonly string[] {
  const blocks = listBlocks(pages)
  return blocks.filter(({ path }) => !(path in tables)).flatMap((one) => rowsOf(one, blocks).map(({ path }) => path))
}

function listBlocks(pages: ReadonlyMap<string, string>): readonly Block[] {
  return [...pages].flatMap(([page, text]) =>
    [...text.matchAll(block)].map(({ index, 1: path = '', 2: keys = '' }) => {
      const heading = [...text.slice(0, index).matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? ''
      return { page, path, keys: splitNames(keys), heading }
    }),
  )
}

function writeBlock(one: Block, blocks: readonly Block[]): string {
  const table = tables[one.path]
  if (table) return writeTable(table.head, table.rows)
  const { description, examples } = schemaAt(schema, one.path)
  const [example] = (examples ?? []) as readonly unknown[]
  const key = one.path.split('.').at(-2) ?? one.path
  const rows = rowsOf(one, blocks)
  const isKind = one.keys.length === 0 && example !== undefined
  return [
    ...(isKind && description ? [description] : []),
    ...(isKind ? [`\`\`\`yaml\n${key}: ${inlineYaml(example)}\n\`\`\``] : []),
    ...(rows.length > 0 ? [writeTable('key', rows)] : []),
  ].join('\n\n')
}

function rowsOf({ page, path, keys }: Block, blocks: readonly Block[]): readonly KeyRow[] {
  const all = listKeys(schema, path, findLink(page, blocks))
  const isListed = ({ name }: KeyRow) => keys.length === 0 || keys.includes(/^\w+/.exec(name)?.[0] ?? '')
  return all.filter(isListed)
}

/** A link to the first table of what lies at a path. */
function findLink(page: string, blocks: readonly Block[]): FindLink {
  return (path) => {
    const wanted = twins[path] ?? path
    const found = blocks.find((one) => one.path === wanted || one.path.startsWith(`${wanted}.`))
    if (!found) return undefined
    const file = found.page === page ? '' : relative(dirname(page), found.page)
    const anchor = file === '' || found.path === wanted ? `#${anchorOf(found.heading)}` : ''
    return `[${path.split('.').at(-1)}](${file}${anchor})`
  }
}

const splitNames = (text: string): readonly string[] => text.split(' ').filter((name) => name !== '')
