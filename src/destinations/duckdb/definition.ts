import { defineDestination, type Refuse } from '../definition.ts'
import { readPath } from '../spec-path.ts'

export interface DuckdbSpec {
  readonly type: 'duckdb'
  readonly path: string
  /** The connector's name where absent. */
  readonly schema?: string
}

export default defineDestination({
  type: 'duckdb',
  form: 'duckdb:PATH[#SCHEMA]',
  meaning: "A DuckDB file, exactly once. The schema is the connector's name if absent.",
  example: 'duckdb:warehouse.duckdb#sales',
  parse: parseDuckdb,
  open: async (spec, connector) => (await import('./index.ts')).openDuckdb(spec, connector),
  reader: {
    place: ({ path }) => path,
    files: ({ path }) => [path, `${path}.wal`],
    readsAhead: true,
    shared: () => import('./reader.ts'),
  },
})

function parseDuckdb(rest: string, refuse: Refuse): DuckdbSpec {
  const hash = rest.lastIndexOf('#')
  const path = hash < 0 ? rest : rest.slice(0, hash)
  if (path === ':memory:') throw refuse('would be gone when the run ends: give the path of a file')
  const file = readPath(path, 'duckdb:PATH, such as duckdb:warehouse.duckdb', refuse)
  if (hash < 0) return { type: 'duckdb', path: file }
  const schema = rest.slice(hash + 1)
  if (schema === '') throw refuse('names no schema after the #')
  return { type: 'duckdb', path: file, schema }
}
