import type { ColumnType } from '../../schema/types.ts'

const sqlTypes: Readonly<Record<ColumnType, string>> = {
  integer: 'BIGINT',
  numeric: 'DECIMAL(38,9)',
  bignumeric: 'HUGEINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  string: 'VARCHAR',
  timestamp: 'TIMESTAMPTZ',
  datetime: 'TIMESTAMP',
  date: 'DATE',
  time: 'TIME',
  json: 'JSON',
}

/** Types that a table of somebody else's making may have, and what they take. */
const foreignTypes: Readonly<Record<string, ColumnType>> = {
  TINYINT: 'integer',
  SMALLINT: 'integer',
  INTEGER: 'integer',
  UTINYINT: 'integer',
  USMALLINT: 'integer',
  UINTEGER: 'integer',
  UBIGINT: 'bignumeric',
  UHUGEINT: 'bignumeric',
  FLOAT: 'number',
  'TIMESTAMP WITH TIME ZONE': 'timestamp',
  TIMESTAMP_S: 'datetime',
  TIMESTAMP_MS: 'datetime',
  TIMESTAMP_NS: 'datetime',
}

const ownTypes = new Map(Object.entries(sqlTypes).map(([type, sql]) => [sql, type as ColumnType]))

export function toSqlType(type: ColumnType): string {
  return sqlTypes[type]
}

/**
 * The logical type of a live column. A type unknown here counts as a string, or as json where it is nested: rows go in
 * by a cast, and a value that cannot be cast fails the batch.
 */
export function fromSqlType(sql: string): ColumnType {
  const known = ownTypes.get(sql) ?? foreignTypes[sql]
  if (known) return known
  if (/\[\d*\]$|^(STRUCT|MAP|UNION)\b/.test(sql)) return 'json'
  return sql.startsWith('DECIMAL(') ? 'numeric' : 'string'
}
