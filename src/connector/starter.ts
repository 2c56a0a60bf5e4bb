import { parseConnector } from './load.ts'
import { type StarterAuth, type StarterAuthOptions, writeStarterAuth } from './starter-auth.ts'

export interface StarterOptions extends StarterAuthOptions {
  readonly baseUrl: string
  readonly auth?: StarterAuth
  /** `items` where absent. */
  readonly stream?: string
  /** `/` and the stream's name where absent. */
  readonly path?: string
  /** A JSONPath; found by itself where absent. */
  readonly rows?: string
  readonly primaryKey?: readonly string[]
  /** The field of a row that tells when it changed. */
  readonly cursor?: string
  /** The query parameter that takes the cursor; `updated_since` where absent. */
  readonly cursorParam?: string
  /** Where the editor finds the JSON Schema of connector files. */
  readonly schema?: string
}

/**
 * The text of a connector file to start from, with a comment on each line that wants one. It loads as it is; throws CONFIG_INVALID where
 * the options make that impossible.
 */
export function starterConnector(options: StarterOptions): string {
  const auth = writeStarterAuth(options.auth ?? 'none', { ...options, quote })
  const text = [...writeHead(options), ...auth, ...writeStream(options)].join('\n') + '\n'
  parseConnector(text, `${options.name}.yaml`)
  return text
}

function writeHead({ name, baseUrl, schema }: StarterOptions): readonly string[] {
  return [
    schema === undefined
      ? '# For help while you edit: headrace schema > connector.schema.json, then begin this file with\n# "# yaml-language-server: $schema=connector.schema.json".'
      : `# yaml-language-server: $schema=${schema.replace(/\s/g, '%20')}`,
    '',
    `name: ${quote(name)}`,
    '# What the paths of the streams stand below.',
    `base_url: ${quote(baseUrl)}`,
    '',
  ]
}

function writeStream(options: StarterOptions): readonly string[] {
  const { stream = 'items', path = `/${stream}`, rows, primaryKey, cursor, cursorParam = 'updated_since' } = options
  const optional = (set: boolean, line: string, comment: string) => [
    `    # ${comment}`,
    `    ${set ? '' : '# '}${line}`,
  ]
  return [
    'streams:',
    `  - name: ${quote(stream)}`,
    `    path: ${quote(path)}`,
    ...optional(
      rows !== undefined,
      `rows: ${quote(rows ?? '$.data[*]')}`,
      'Where the rows lie in an answer (a JSONPath); found by itself where obvious.',
    ),
    '    # How to get from one page to the next; auto finds out and says what it found.',
    '    paginator: { type: auto }',
    ...optional(
      primaryKey !== undefined,
      `primary_key: [${(primaryKey ?? ['id']).map(quote).join(', ')}]`,
      'With a key a row that comes again replaces the old one, else it is added.',
    ),
    ...optional(
      cursor !== undefined,
      `incremental: { cursor: ${quote(cursor ?? 'updated_at')} }`,
      'Ask only for what is new since the last run; the first run reads everything.',
    ),
    `    ${cursor === undefined ? '# ' : ''}params: { ${quote(cursorParam)}: "{{ cursor }}" }`,
  ]
}

/** A plain scalar where it surely reads as the same text, else in double quotes (every JSON text is YAML). */
function quote(text: string): string {
  const plain = /^[A-Za-z/$][\w/$.@[\]*-]*$/.test(text) && !/^(true|false|null|y|n|yes|no|on|off)$/i.test(text)
  const inFlow = /[[\]]/.test(text)
  return (plain && !inFlow) || /^https?:\/\/[\w./-]+$/.test(text) ? text : JSON.stringify(text)
}
