import { loginNames, signingNames } from '../../src/auth/credential-location/credential-template.ts'
import { environment, type Variable } from '../../src/base/environment.ts'
import { destinations } from '../../src/destinations/index.ts'
import { filters } from '../../src/syntax/filters.ts'
import { requestNames } from '../../src/syntax/template-syntax.ts'
import { code, type Row } from './markdown.ts'

interface Table {
  readonly head: string
  readonly rows: readonly Row[]
}

/** Tables that come from other places than the schema of connector files. */
export const tables: Readonly<Record<string, Table>> = {
  'templates.request': { head: 'name', rows: listNames(requestNames) },
  'templates.login': { head: 'name', rows: listNames(loginNames) },
  'templates.signature': { head: 'name', rows: listNames(signingNames) },
  'templates.filters': { head: 'filter', rows: listRows(filters) },
  destinations: {
    head: 'destination',
    rows: destinations.map(({ form, meaning, example }) => ({ name: form, meaning, example: code(example) })),
  },
  ...Object.fromEntries(
    destinations.map(({ type, options = {} }) => [`destinations.${type}`, { head: 'option', rows: listRows(options) }]),
  ),
  environment: { head: 'variable', rows: listRows(environment) },
}

function listNames(names: Readonly<Record<string, string>>): readonly Row[] {
  return Object.entries(names).map(([name, meaning]) => ({ name, meaning, example: '' }))
}

function listRows(entries: Readonly<Record<string, Variable>>): readonly Row[] {
  return Object.entries(entries).map(([name, entry]) => ({
    name,
    meaning: entry.meaning,
    default: entry.default ?? '',
    example: entry.example === undefined ? '' : code(entry.example),
  }))
}
