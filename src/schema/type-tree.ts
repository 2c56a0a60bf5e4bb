import { type ColumnType, type ScalarType, scalarTypes } from './types.ts'

export type TypeTree =
  | { readonly kind: 'scalar'; readonly type: ScalarType }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'array'; readonly item: TypeTree }
  | { readonly kind: 'record'; readonly fields: readonly TypeField[] }

export interface TypeField {
  readonly name: string
  readonly type: TypeTree
}

/** What `numeric` is: digits in all, and digits behind the point. */
export const numericDigits = { precision: 38, scale: 9 } as const

const known = new Map<string, TypeTree>()

/** The parts of a type. */
export function typeTree(type: ColumnType): TypeTree {
  let tree = known.get(type)
  if (!tree) {
    tree = parseType(type)
    if (!tree) throw new TypeError(`${type} is no type of a column`)
    known.set(type, tree)
  }
  return tree
}

/** Reads what `typeText` wrote; undefined where it is no type. */
export function parseType(text: string): TypeTree | undefined {
  const scalar = scalarTypes.find((type) => type === text)
  if (scalar) return { kind: 'scalar', type: scalar }
  const [, precision, scale = '0'] = /^decimal\((\d{1,2})(?:, ?(\d{1,2}))?\)$/.exec(text) ?? []
  if (precision !== undefined) return decimalType(Number(precision), Number(scale))
  const [, outer, inner = ''] = /^(array|record)<(.*)>$/s.exec(text) ?? []
  if (outer === 'array') {
    const item = parseType(inner)
    return item && item.kind !== 'array' ? { kind: 'array', item } : undefined
  }
  return outer === 'record' ? parseFields(inner) : undefined
}

/** 1 to 38 digits in all; `decimal(38,9)` is `numeric`. */
function decimalType(precision: number, scale: number): TypeTree | undefined {
  if (precision < 1 || precision > 38 || scale > precision) return undefined
  if (precision === numericDigits.precision && scale === numericDigits.scale) return { kind: 'scalar', type: 'numeric' }
  return { kind: 'decimal', precision, scale }
}

function parseFields(text: string): TypeTree | undefined {
  const fields = splitFields(text).map((part): TypeField | undefined => {
    const [, name, type = ''] = /^([A-Za-z_]\w*) (.+)$/s.exec(part) ?? []
    const tree = parseType(type)
    return name !== undefined && tree ? { name, type: tree } : undefined
  })
  return fields.length > 0 && fields.every((field) => field !== undefined) ? { kind: 'record', fields } : undefined
}

/** Splits at the commas that stand in no brackets. */
function splitFields(text: string): readonly string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    if ('<('.includes(char)) depth++
    else if ('>)'.includes(char)) depth--
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(start, at).trim())
      start = at + 1
    }
  }
  return [...parts, text.slice(start).trim()]
}

export function typeText(tree: TypeTree): ColumnType {
  switch (tree.kind) {
    case 'scalar':
      return tree.type
    case 'decimal':
      return `decimal(${tree.precision},${tree.scale})`
    case 'array':
      return `array<${typeText(tree.item)}>`
    case 'record':
      return `record<${tree.fields.map(({ name, type }) => `${name} ${typeText(type)}`).join(', ')}>`
  }
}

/** Whether a value alone never tells this type: a column has it because somebody declared it. */
export function mustBeDeclared(type: ColumnType): boolean {
  return type === 'time' || type === 'bytes' || typeTree(type).kind !== 'scalar'
}
