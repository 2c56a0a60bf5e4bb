import { homedir } from 'node:os'
import { closest, distance } from 'fastest-levenshtein'
import { SyncError } from '../base/errors.ts'
import { type BigquerySpec, parseBigquery } from './bigquery-spec.ts'

export const fileFormats = ['ndjson', 'parquet'] as const
export type FileFormat = (typeof fileFormats)[number]

/** A destination as a person names it, taken apart. */
export type DestinationSpec =
  | { readonly type: 'duckdb'; readonly path: string; readonly schema?: string }
  | { readonly type: 'files'; readonly dir: string; readonly format: FileFormat }
  | BigquerySpec

const forms = 'duckdb:PATH[#SCHEMA], bigquery:PROJECT[.DATASET][?location=PLACE] or files:DIR[?format=ndjson|parquet]'

/** Parses what `forms` says; throws `CONFIG_INVALID` on anything else. */
export function parseDestination(text: string): DestinationSpec {
  const [, scheme, rest] = /^([A-Za-z][A-Za-z0-9_+-]*):(.*)$/s.exec(text) ?? []
  if (scheme === undefined || rest === undefined) throw refuse(text, `does not say what it is: expected ${forms}`)
  switch (scheme) {
    case 'duckdb':
      return parseDuckdb(text, rest)
    case 'files':
      return parseFiles(text, rest)
    case 'bigquery':
      return parseBigquery(rest, (why) => refuse(text, why))
    default: {
      const known = ['duckdb', 'files', 'bigquery']
      const nearest = closest(scheme.toLowerCase(), known)
      const hint =
        distance(scheme.toLowerCase(), nearest) <= 3
          ? `expected ${forms} (did you mean ${nearest}:?)`
          : `expected ${forms}`
      throw refuse(text, `is of an unknown kind: ${hint}`)
    }
  }
}

function parseDuckdb(text: string, rest: string): DestinationSpec {
  const hash = rest.lastIndexOf('#')
  const path = hash < 0 ? rest : rest.slice(0, hash)
  if (path === ':memory:') throw refuse(text, 'would be gone when the run ends: give the path of a file')
  checkPath(text, path, 'duckdb:PATH, such as duckdb:warehouse.duckdb')
  if (hash < 0) return { type: 'duckdb', path: expandHome(path) }
  const schema = rest.slice(hash + 1)
  if (schema === '') throw refuse(text, 'names no schema after the #')
  return { type: 'duckdb', path: expandHome(path), schema }
}

function parseFiles(text: string, rest: string): DestinationSpec {
  const question = rest.indexOf('?')
  const dir = question < 0 ? rest : rest.slice(0, question)
  checkPath(text, dir, 'files:DIR, such as files:out')
  const query = new URLSearchParams(question < 0 ? '' : rest.slice(question + 1))
  for (const key of query.keys()) {
    if (key !== 'format') throw refuse(text, `has an unknown option ${JSON.stringify(key)}: only format is known`)
  }
  const wanted = query.get('format') ?? 'ndjson'
  const format = fileFormats.find((known) => known === wanted)
  if (!format)
    throw refuse(
      text,
      `has an unknown format: expected ${fileFormats.join(' or ')} (did you mean ${closest(wanted, [...fileFormats])}?)`,
    )
  return { type: 'files', dir: expandHome(dir), format }
}

function checkPath(text: string, path: string, form: string): void {
  if (path === '') throw refuse(text, `names no path: expected ${form}`)
  if (path.startsWith('//')) throw refuse(text, `is no URL: write ${form}, without slashes after the colon`)
  if (path.includes('\0')) throw refuse(text, 'has a path that no file can bear')
}

/** A shell leaves the `~` of `duckdb:~/x` as it is; a folder of that name is never what was meant. */
function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? homedir() + path.slice(1) : path
}

function refuse(text: string, why: string): SyncError {
  return new SyncError('CONFIG_INVALID', `The destination ${JSON.stringify(text)} ${why}.`)
}
