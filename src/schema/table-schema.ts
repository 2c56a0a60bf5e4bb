import { cursorKeyColumn, sameName } from '../destinations/system.ts'
import { SyncError } from '../errors.ts'
import { legalName, variantName, withSuffix } from './names.ts'
import type { Shape } from './shape.ts'
import { declaredType } from './declared-type.ts'
import { mustBeDeclared, typeTree } from './type-tree.ts'
import { article, type Cell, type Field, type Placed, type SchemaOptions, variantType } from './placed.ts'
import type { Column, ColumnType, ScalarType } from './types.ts'
import { type Kind, type Member, readItems } from './value.ts'
import { coerceValue, encodeValue } from './coerce.ts'
import { canWiden, fits, holdsExactly, joined, widened } from './widen.ts'

/**
 * The columns of one table and which key goes into which. It only ever grows: a column is added or widened, a value
 * that no widening can take gets a column of its own beside it.
 */
export class TableSchema {
  readonly #options: SchemaOptions
  readonly #fields = new Map<string, Field>()
  /** By name in lower case, in the order of the table. */
  readonly #columns = new Map<string, { readonly name: string; type: ColumnType; live: boolean }>()
  /** Names in lower case that are spoken for, whether or not the column is there yet. */
  readonly #taken = new Set<string>()
  readonly #changes: string[] = []
  #open: boolean
  #version = 0
  #shape: Shape | undefined

  constructor(options: SchemaOptions) {
    this.#options = options
    // A frozen schema is the one that the first page of a new table had.
    this.#open = options.live.length === 0
    for (const { name, type } of options.live) this.#columns.set(name.toLowerCase(), { name, type, live: true })
    for (const [key, column, variant] of options.names) {
      if (variant === '') this.#addField(key, column)
      else this.#taken.add(column.toLowerCase())
    }
    // A column that no key is known to have been renamed to bears the name of its key.
    for (const { name } of options.live) {
      if (!this.#taken.has(name.toLowerCase()) && !sameName(name, cursorKeyColumn)) this.#addField(name, name)
    }
    for (const [key, column, variant] of options.names) {
      if (variant !== '') this.#field(key).variants.set(variant as ColumnType, column)
    }
  }

  /** Grows with each change, so that who encoded a page can tell whether its first rows still fit. */
  get version(): number {
    return this.#version
  }

  get columns(): readonly Column[] {
    return [...this.#columns.values()].map(({ name, type }) => ({ name, type }))
  }

  /** What changed since the run began, in words. */
  get changes(): readonly string[] {
    return this.#changes
  }

  /** What a later run cannot tell from the table: see `Checkpoint.names`. */
  get names(): SchemaOptions['names'] {
    return [...this.#fields].flatMap(([key, { name, variants }]) => [
      ...(name === key ? [] : [[key, name, ''] as const]),
      ...[...variants].map(([type, column]) => [key, column, type] as const),
    ])
  }

  /** The column that a key goes into, for the primary key and the cursor. */
  columnOf(key: string): string {
    return this.#field(key).name
  }

  /** Which rows may pass as they are. The same object as long as that does not change. */
  shape(): Shape {
    this.#shape ??= this.#createShape()
    return this.#shape
  }

  /** The page's rows are in: from now on its columns count as the warehouse's, and a frozen schema is closed. */
  settle(): void {
    for (const column of this.#columns.values()) column.live = true
    if (this.#columns.size > 0) this.#open = false
  }

  /** Takes note of a member of a row that is yet to be placed, so that the shape is known early. Only a schema that may grow learns. */
  learn({ key, kind }: Member): void {
    if (kind === 'null' || this.#options.policy !== 'evolve') return
    const field = this.#field(key)
    if (field.dropped || field.declared) return
    if (field.type === undefined) this.#setType(field, kind)
    else if (!fits(kind, field.type)) this.#widen(field, kind)
  }

  /** Finds the column of a member, adds or widens it by the stream's policy. */
  place(member: Member): Placed {
    const { key, kind } = member
    if (kind === 'null') return undefined
    const field = this.#field(key)
    if (field.dropped) return undefined
    if (field.declared) {
      const text = coerceValue(member, field.type as ColumnType)
      if (text !== undefined) return this.#into(field.name, text, field.type as ColumnType)
      return this.#placeExtended(field, member) ?? this.#placeBeside(field, member)
    } else {
      if (field.type === undefined) {
        const refused = this.#mayChange(`a new field ${key}`)
        if (refused) return refused.discard ? undefined : refused
        this.#setType(field, kind)
      }
      if (!fits(kind, field.type as ColumnType)) this.#widen(field, kind)
      if (fits(kind, field.type as ColumnType))
        return { column: field.name, text: encodeValue(member, field.type as ScalarType) }
    }
    return this.#placeBeside(field, member)
  }

  /**
   * As `place`, for the cursor: where its value goes into another column than the cursor's own, that one takes what
   * `convert` makes of it (JSON text), so that it orders the row.
   */
  placeCursor(member: Member, convert: (type: ColumnType) => string | undefined): Placed {
    const placed = this.place(member)
    const { name, type } = this.#field(member.key)
    if (!placed || 'refused' in placed || placed.column === name || type === undefined) return placed
    const text = convert(type)
    const [item] = text === undefined ? [] : readItems(`[${text}]`)
    const own = item && this.place({ ...item, key: member.key })
    return own && !('refused' in own) && own.column === name ? { ...own, beside: placed } : placed
  }

  /** Places the text that orders a row where the column of its cursor does not. */
  placeCursorKey(text: string): Cell {
    return this.#into(cursorKeyColumn, JSON.stringify(text), 'string')
  }

  /** The type of the column that a key goes into; undefined where there is none. */
  typeOf(key: string): ColumnType | undefined {
    return this.#fields.get(key)?.type
  }

  /** Whether the stream leaves a key out of the table. */
  drops(key: string): boolean {
    return this.#options.columns[key]?.drop === true
  }

  /** A record with members that its column has no fields for: the column takes what it has fields for, the whole value stands beside it. */
  #placeExtended(field: Field, member: Member): Placed {
    const type = field.type as ColumnType
    if (typeTree(type).kind === 'scalar') return undefined
    const text = coerceValue(member, type, 'drop')
    if (text === undefined) return undefined
    const beside = this.#placeBeside(field, member)
    if (beside && 'refused' in beside) return beside
    return { ...this.#into(field.name, text, type), ...(beside && { beside }) }
  }

  #into(name: string, text: string, type: ColumnType): Cell {
    const column = this.#columns.get(name.toLowerCase())
    if (!column) this.#addColumn(name, type)
    else if (column.type !== type) {
      this.#changes.push(`${name}: ${column.type} widened to ${type}`)
      column.type = type
      this.#touch()
    }
    return { column: name, text }
  }

  #placeBeside(field: Field, member: Member): Placed {
    const { key, kind } = member
    if (this.#options.primaryKey.includes(key)) {
      throw new SyncError(
        'KEY_MISSING',
        `${this.#options.where}: the primary key ${key} is ${field.type} in the table but ${kind} in a row; declare its type, such as columns: {${key}: {type: string}}, and run with --full-refresh`,
      )
    }
    const variant = variantType(field.type as ColumnType, kind)
    const known = field.variants.get(variant)
    if (known === undefined) {
      const refused = this.#mayChange(`${key} is ${field.type}, and a row has ${article(kind)}`)
      if (refused) return refused.discard ? undefined : refused
    }
    const column = known ?? this.#free(variantName(field.name, variant), `${key} ${variant}`)
    if (known === undefined) {
      field.variants.set(variant, column)
      this.#addColumn(column, variant)
    }
    return { column, text: encodeValue(member, variant) }
  }

  #widen(field: Field, kind: Kind): void {
    const column = this.#columns.get(field.name.toLowerCase())
    const type = field.type as ColumnType
    const wider = column && !column.live ? joined(type, kind) : widened(type, kind)
    if (!wider || !column) return
    if (column.live && this.#mayChange(`${field.name} would widen from ${type} to ${wider}`)) return
    if (column.live) this.#changes.push(`${column.name}: ${type} widened to ${wider}`)
    field.type = column.type = wider
    this.#touch()
  }

  /** What the policy makes of a change: nothing where it is allowed; a frozen schema throws. */
  #mayChange(what: string): { readonly refused: string; readonly discard: boolean } | undefined {
    const { policy, where } = this.#options
    if (policy === 'evolve' || this.#open) return undefined
    if (policy === 'freeze') {
      throw new SyncError(
        'SCHEMA_FROZEN',
        `${where}: ${what}, and the schema is frozen; allow it with schema: evolve, or drop it under columns:`,
      )
    }
    return { refused: `the schema does not allow it: ${what}`, discard: policy === 'discard_columns' }
  }

  #field(key: string): Field {
    return (
      this.#fields.get(key) ??
      this.#addField(key, this.#options.columns[key]?.rename ?? this.#free(legalName(key), key))
    )
  }

  #addField(key: string, name: string): Field {
    const config = this.#options.columns[key]
    const declared = config && declaredType(config)
    const type = this.#columns.get(name.toLowerCase())?.type
    const stays = declared !== undefined && type !== undefined && holdsExactly(type, declared)
    if (declared && type && declared !== type && !stays && !canWiden(type, declared)) {
      throw new SyncError(
        'CONFIG_INVALID',
        `${this.#options.where}: the column ${name} is declared as ${declared} but is ${type} in the table; run once with --full-refresh, or declare what it is`,
      )
    }
    const field: Field = {
      name,
      type: stays ? type : (declared ?? type),
      declared: declared !== undefined || (type !== undefined && mustBeDeclared(type)),
      dropped: config?.drop ?? false,
      variants: new Map(),
    }
    this.#fields.set(key, field)
    this.#taken.add(name.toLowerCase())
    return field
  }

  #free(name: string, key: string): string {
    return this.#taken.has(name.toLowerCase()) ? withSuffix(name, key) : name
  }

  #setType(field: Field, kind: Kind): void {
    field.type = kind as ColumnType
    this.#addColumn(field.name, field.type)
  }

  #addColumn(name: string, type: ColumnType): void {
    if (!this.#open) this.#changes.push(`${name}: added as ${type}`)
    this.#columns.set(name.toLowerCase(), { name, type, live: false })
    this.#taken.add(name.toLowerCase())
    this.#touch()
  }

  #touch(): void {
    this.#version++
    this.#shape = undefined
  }

  #createShape(): Shape {
    const { primaryKey, cursor, orders } = this.#options
    // A cursor or key inside a nested object: every row has to be looked into.
    if (cursor?.includes('.') && (primaryKey.length > 0 || !this.#fields.has(cursor))) return { columns: [] }
    // Bytes order like the values of their column: where the cursor does not, every row that has one is looked at.
    const isOrdered = (key: string, type: ColumnType): boolean => key !== cursor || orders?.(type) !== false
    const columns = [...this.#fields].flatMap(([key, { name, type, dropped }]) =>
      // A column that is narrower than what is declared widens with the first row that is looked at.
      name === key &&
      type !== undefined &&
      !dropped &&
      isOrdered(key, type) &&
      this.#columns.get(name.toLowerCase())?.type === type
        ? [{ key, type, required: primaryKey.includes(key), cursor: key === cursor }]
        : [],
    )
    return primaryKey.every((key) => columns.some((column) => column.key === key)) ? { columns } : { columns: [] }
  }
}
