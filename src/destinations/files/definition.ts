import { join } from 'node:path'
import { closest } from 'fastest-levenshtein'
import { defineDestination, type Refuse } from '../definition.ts'
import { readPath } from '../spec-path.ts'
import { folderOf, logFiles } from './log.ts'

export const fileFormats = ['ndjson', 'parquet'] as const
export type FileFormat = (typeof fileFormats)[number]

export interface FilesSpec {
  readonly type: 'files'
  readonly dir: string
  readonly format: FileFormat
}

export default defineDestination({
  type: 'files',
  form: 'files:DIR[?format=ndjson|parquet]',
  meaning: 'Files in a folder, at least once.',
  example: 'files:out',
  options: {
    format: { meaning: 'The format of the files: ndjson or parquet.', default: 'ndjson', example: 'format=parquet' },
  },
  parse: parseFiles,
  open: async (spec, connector) => (await import('./index.ts')).openFiles(spec, connector),
  reader: {
    place: ({ dir }) => dir,
    files: ({ dir }, connector) =>
      [logFiles.runs, logFiles.commits].map((name) => join(folderOf(dir, connector), name)),
    readsAhead: false,
  },
})

function parseFiles(rest: string, refuse: Refuse): FilesSpec {
  const question = rest.indexOf('?')
  const path = question < 0 ? rest : rest.slice(0, question)
  const dir = readPath(path, 'files:DIR, such as files:out', refuse)
  const query = new URLSearchParams(question < 0 ? '' : rest.slice(question + 1))
  for (const key of query.keys()) {
    if (key !== 'format') throw refuse(`has an unknown option ${JSON.stringify(key)}: only format is known`)
  }
  const wanted = query.get('format') ?? 'ndjson'
  const format = fileFormats.find((known) => known === wanted)
  if (format) return { type: 'files', dir, format }
  throw refuse(
    `has an unknown format: expected ${fileFormats.join(' or ')} (did you mean ${closest(wanted, [...fileFormats])}?)`,
  )
}
