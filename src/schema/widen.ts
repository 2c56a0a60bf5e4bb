import { fitDecimal } from './exact-text.ts'
import { numericDigits, type TypeTree, typeText, typeTree } from './type-tree.ts'
import type { Kind, Member } from './value.ts'
import type { ColumnType } from './types.ts'

const numbers: readonly ColumnType[] = ['integer', 'numeric', 'bignumeric', 'number']
const texts: readonly ColumnType[] = ['timestamp', 'datetime', 'date', 'string']

/**
 * Whether a column of `type` holds a value exactly as it is. A string column holds any scalar, as its text; a number
 * column, which is a double, any fraction, but of the integers only those that a double is.
 */
export function holds({ kind, text }: Pick<Member, 'kind' | 'text'>, type: ColumnType): boolean {
  if (kind === type || kind === 'null') return true
  if (type === 'string') return kind !== 'json'
  if (!numbers.includes(kind as ColumnType)) return false
  if (type === 'number') return isDouble(text)
  if (kind === 'number')
    return type === 'numeric' && fitDecimal(text, numericDigits.precision, numericDigits.scale) !== undefined
  return numbers.indexOf(kind as ColumnType) < numbers.indexOf(type)
}

/** Whether an integer lies beyond 2^53, where a double holds only some. */
export const isBeyondDouble = (integer: string): boolean =>
  !Number.isSafeInteger(Number(integer)) && BigInt(integer) ** 2n > 2n ** 106n

/** Whether an integer of any size is exactly what a double makes of it: all up to 2^53, and some beyond. */
export const isDouble = (integer: string): boolean =>
  Number.isSafeInteger(Number(integer)) || BigInt(integer) === BigInt(Number(integer))

/** The type that a column of `type` in the warehouse widens to, so that it holds `kind` too; undefined where there is none. */
export function widened(type: ColumnType, kind: Kind): ColumnType | undefined {
  // Of an exact type with more digits a double would hold hardly any value.
  if (kind === 'number') return type === 'integer' ? kind : undefined
  const [from, to] = [numbers.indexOf(type), numbers.indexOf(kind as ColumnType)]
  return type !== 'number' && from >= 0 && to > from ? (kind as ColumnType) : undefined
}

/** The same for a column that is not in the warehouse yet: texts that are not all times are just texts. */
export function joined(type: ColumnType, kind: Kind): ColumnType | undefined {
  return texts.includes(type) && texts.includes(kind as ColumnType) ? 'string' : widened(type, kind)
}

/** Types that a column can take on without losing a value of the type before (a fraction makes an integer column a number). */
const wider: Partial<Record<ColumnType, readonly ColumnType[]>> = {
  integer: ['numeric', 'bignumeric', 'number'],
  numeric: ['bignumeric', 'number'],
  bignumeric: ['number'],
}

/** Whether a column of a table can become another type. An int64 has up to 19 digits; a record may get further fields. */
export function canWiden(from: ColumnType, to: ColumnType): boolean {
  if (from === to || (isPlain(from) && isPlain(to))) return wider[from]?.includes(to) ?? false
  return isWider(typeTree(from), typeTree(to))
}

function isWider(from: TypeTree, to: TypeTree): boolean {
  if (from.kind === 'array' && to.kind === 'array') return isWider(from.item, to.item)
  if (from.kind === 'record' && to.kind === 'record') {
    return from.fields.every(({ name, type }) =>
      to.fields.some((field) => field.name === name && (isSame(type, field.type) || isWider(type, field.type))),
    )
  }
  const [digits, room] = [digitsOf(from), digitsOf(to)]
  return digits && room ? room.whole >= digits.whole && room.fraction >= digits.fraction : false
}

const isSame = (a: TypeTree, b: TypeTree): boolean => typeText(a) === typeText(b)

const isPlain = (type: ColumnType): boolean => numbers.includes(type)

function digitsOf(tree: TypeTree): { readonly whole: number; readonly fraction: number } | undefined {
  if (tree.kind === 'decimal') return { whole: tree.precision - tree.scale, fraction: tree.scale }
  if (tree.kind !== 'scalar') return undefined
  if (tree.type === 'integer') return { whole: 19, fraction: 0 }
  if (tree.type === 'bignumeric') return { whole: 38, fraction: 0 }
  if (tree.type === 'numeric')
    return { whole: numericDigits.precision - numericDigits.scale, fraction: numericDigits.scale }
  return undefined
}

/** Whether a column that is wider already takes what is declared, every value as it is. */
export const holdsExactly = (live: ColumnType, declared: ColumnType): boolean =>
  live !== 'number' && canWiden(declared, live)
