import { type TypeTree, typeTree } from '../../schema/type-tree.ts'
import type { ColumnType } from '../../schema/types.ts'
import { quoteName } from './sql.ts'
import { toCastType } from './types.ts'

/**
 * The value of a staged column as the table's column takes it, `from` undefined where a batch lacks the column. A column
 * whose type is REPEATED is never NULL, but empty.
 */
export function toCell(name: string, from: ColumnType | undefined, to: ColumnType): string {
  const wanted = typeTree(to)
  if (from === undefined) return wanted.kind === 'array' ? `${toCastType(to)}[]` : `CAST(NULL AS ${toCastType(to)})`
  const value = convert(quoteName(name), { from: typeTree(from), to: wanted }, 0)
  return wanted.kind === 'array' ? `IFNULL(${value}, [])` : value
}

interface Conversion {
  readonly from: TypeTree
  readonly to: TypeTree
}

/** BigQuery casts no STRUCT to one of more fields: it is put together again, so that a NULL stays one. */
function convert(value: string, { from, to }: Conversion, depth: number): string {
  if (isSame(from, to)) return value
  if (from.kind === 'record' && to.kind === 'record')
    return `IF(${value} IS NULL, NULL, ${pack(value, { from, to }, depth)})`
  if (from.kind === 'array' && to.kind === 'array') {
    const [item, place] = [`item${depth}`, `place${depth}`]
    const converted = convert(item, { from: from.item, to: to.item }, depth + 1)
    return `ARRAY(SELECT ${converted} FROM UNNEST(${value}) AS ${item} WITH OFFSET AS ${place} ORDER BY ${place})`
  }
  return `CAST(${value} AS ${toCastType(to)})`
}

function pack(
  value: string,
  {
    from,
    to,
  }: { readonly from: Extract<TypeTree, { kind: 'record' }>; readonly to: Extract<TypeTree, { kind: 'record' }> },
  depth: number,
): string {
  const fields = to.fields.map(({ name, type }) => {
    const known = from.fields.find((field) => field.name.toLowerCase() === name.toLowerCase())
    const field = `${value}.${quoteName(known?.name ?? name)}`
    const converted = known ? convert(field, { from: known.type, to: type }, depth) : missing(type)
    return `${converted} AS ${quoteName(name)}`
  })
  return `STRUCT(${fields.join(', ')})`
}

function missing(type: TypeTree): string {
  return type.kind === 'array' ? `${toCastType(type)}[]` : `CAST(NULL AS ${toCastType(type)})`
}

const isSame = (a: TypeTree, b: TypeTree): boolean => toCastType(a) === toCastType(b)
