import { cursorKeyColumn } from './system-columns.ts'
import { legalName, variantName } from './names.ts'
import { longestKey, mostColumns, refuseKeys, sizeOfName } from './new-keys.ts'
import { TableColumns } from './table-columns.ts'
import type { Shape } from './shape.ts'
import { createField } from './create-field.ts'
import { Misfits } from './misfits.ts'
import { typeTree } from './type-tree.ts'
import { type Cell, type Field, type Placed, type SchemaOptions, type TableColumn, variantType } from './placed.ts'
import type { Column, ColumnType, ScalarType } from './types.ts'
import { keyType, refuseCutKey, refuseKey, warnOfKeyless } from './key-type.ts'
import { type Member, readItems } from './value.ts'
import { coerceValue, encodeValue } from './coerce.ts'
import { holds, joined, widened } from './widen.ts'
import { settleNames } from './settled-names.ts'
import { isCutTime } from './times.ts'
import { describeMisfit, isCut, mayChange, type Refused } from './misfit.ts'
import { createShape } from './create-shape.ts'
import { type Undecided, undecided, Widths } from './widths.ts'

/**
 * The columns of one table and which key goes into which. It only ever grows: a column is added or widened, a value
 * that no widening can take gets a column of its own beside it.
 */
export class TableSchema {
  readonly #options: SchemaOptions
  readonly #fields = new Map<string, Field>()
  readonly #columns: TableColumns
  /** Values that do not fit the declared types of their columns. */
  readonly misfits: Misfits
  readonly #widths = new Widths()
  /** Characters of names that go into each checkpoint. */
  #renamed = 0
  #shape: { readonly version: number; readonly of: Shape } | undefined

  constructor(options: SchemaOptions) {
    this.#options = options
    this.misfits = new Misfits(options)
    this.#columns = new TableColumns(options.live)
    // A name that no row may have any more is left behind: it would go into each checkpoint.
    const names = options.names.filter(([key]) => key.length <= longestKey || this.#isConfigured(key))
    const { fields, variants } = settleNames({ ...options, names })
    for (const [, column] of variants) this.#columns.take(column)
    for (const [key, column] of fields) this.#addField(key, column)
    for (const [key, column, variant] of variants) this.#field(key).variants.set(variant as ColumnType, column)
  }

  /** Grows with each change, so that who encoded a page can tell whether its first rows still fit. */
  get version(): number {
    return this.#columns.version
  }

  get columns(): readonly Column[] {
    return this.#columns.list
  }

  /** What changed since the run began, in words. */
  get changes(): readonly string[] {
    return this.#columns.changes
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
    const { version, byName } = this.#columns
    if (this.#shape?.version !== version)
      this.#shape = { version, of: createShape(this.#fields, byName, this.#options) }
    return this.#shape.of
  }

  /** The columns of integers of which more must be known before they take a fraction: see `Widths`. */
  get questions(): readonly TableColumn[] {
    return this.#widths.open
  }

  answer(column: TableColumn, isWide: boolean): void {
    this.#widths.answer(column, isWide)
  }

  /**
   * Takes note of the keys of columns that were decoded as integers and have some beyond 2^53. True where one of these
   * columns has become one of doubles since, which must not take them as they are.
   */
  noteWide(keys: readonly string[]): boolean {
    const columns = keys.map((key) => this.#columns.get(this.#field(key).name))
    for (const column of columns) if (column) column.isWide = true
    return columns.some((column) => column?.type === 'number')
  }

  /** The page's rows are in: from now on its columns count as the warehouse's, and a frozen schema is closed. */
  settle(): void {
    this.#columns.settle()
    this.#widths.settle()
  }

  /** Takes note of a member of a row that is yet to be placed, so that the shape is known early. Only a schema that may grow learns. */
  learn(member: Member): void {
    if (member.kind === 'null' || this.#options.policy !== 'evolve' || this.#isSecret(member.key)) return
    const field = this.#field(member.key)
    if (field.dropped || field.declared) return
    if (field.type === undefined) this.#setType(field, member)
    if (!holds(member, field.type as ColumnType)) this.#widen(field, member, true)
    else this.#widths.note(this.#columns.get(field.name), member)
  }

  /** Why a row has fields that the table must not get, or undefined: see `refuseKeys`. */
  refusal(members: readonly Member[]): string | undefined {
    return refuseKeys(members, {
      isKnown: (key) => this.#fields.has(key) || this.#isConfigured(key),
      columns: this.#columns.count,
      renamed: this.#renamed,
    })
  }

  /** Finds the column of a member, adds or widens it by the stream's policy. */
  place(member: Member): Placed {
    const { key, kind } = member
    if (kind === 'null') return undefined
    if (!this.#fields.has(key) && !this.#isConfigured(key)) {
      // What the schema does not take leaves nothing behind, its name included.
      const refused = this.#mayChange(`a new field ${key}`)
      if (refused) return refused.discard ? undefined : refused
      if (this.#isSecret(key)) return { refused: 'has a field whose name holds a secret of the connector' }
    }
    const field = this.#field(key)
    if (field.dropped) return undefined
    if (field.declared) return this.#placeDeclared(field, member)
    if (field.type === undefined) {
      const refused = this.#isKey(key) ? undefined : this.#mayChange(`a new field ${key}`)
      if (refused) return refused.discard ? undefined : refused
      this.#setType(field, member)
    }
    if (!holds(member, field.type as ColumnType) && this.#widen(field, member) === undecided) return undefined
    if (holds(member, field.type as ColumnType)) return this.#placeScalar(field, member)
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
    const { cursor = '' } = this.#options
    if (!this.#columns.get(cursorKeyColumn)) warnOfKeyless(this.#options, this.typeOf(cursor))
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

  #placeDeclared(field: Field, member: Member): Placed {
    const type = field.type as ColumnType
    const text = coerceValue(member, type, 'refuse', field.times)
    if (text !== undefined && this.#isKey(member.key) && isCutTime(member, type, field.times))
      throw refuseCutKey(this.#options.where, member.key, type)
    if (text !== undefined) return this.#into(field.name, text, type)
    const extended = this.#placeExtended(field, member)
    if (extended) return extended
    this.misfits.add(member, type)
    return this.#placeBeside(field, member)
  }

  /** A time that its column cuts to the microsecond stands beside it too, as it is. */
  #placeScalar(field: Field, member: Member): Placed {
    const type = field.type as ScalarType
    this.#widths.note(this.#columns.get(field.name), member)
    const cell = { column: field.name, text: encodeValue(member, type) }
    if (!isCut(member, type)) return cell
    const beside = this.#placeBeside(field, member, 'string')
    return beside && 'refused' in beside ? beside : { ...cell, ...(beside && { beside }) }
  }

  /** A record with members that its column has no fields for: the column takes what it has fields for, the whole value stands beside it. */
  #placeExtended(field: Field, member: Member): Placed {
    const type = field.type as ColumnType
    if (typeTree(type).kind === 'scalar') return undefined
    const text = coerceValue(member, type, 'drop', field.times)
    if (text === undefined) return undefined
    const beside = this.#placeBeside(field, member)
    if (beside && 'refused' in beside) return beside
    return { ...this.#into(field.name, text, type), ...(beside && { beside }) }
  }

  #into(name: string, text: string, type: ColumnType): Cell {
    const column = this.#columns.get(name)
    if (!column) this.#columns.add(name, type)
    else if (column.type !== type) this.#columns.widen(column, type)
    return { column: name, text }
  }

  #placeBeside(field: Field, member: Member, variant = variantType(field.type as ColumnType, member.kind)): Placed {
    const { key } = member
    const found = describeMisfit(member, field.type as ColumnType)
    if (this.#isKey(key)) throw refuseKey(this.#options.where, key, `is ${field.type}, and a row has ${found}`)
    let column = field.variants.get(variant)
    if (column === undefined) {
      const refused = this.#mayChange(`${key} is ${field.type}, and a row has ${found}`)
      if (refused) return refused.discard ? undefined : refused
      if (this.#columns.count >= mostColumns)
        return { refused: `needs a column next to ${field.name}, and a table may have ${mostColumns}` }
      column = this.#columns.free(variantName(field.name, variant), `${key} ${variant}`)
      field.variants.set(variant, column)
      this.#columns.add(column, variant)
    }
    return { column, text: encodeValue(member, variant) }
  }

  #widen(field: Field, member: Member, learns = false): Undecided | undefined {
    const column = this.#columns.get(field.name)
    if (!column) return undefined
    const type = field.type as ColumnType
    const widest = column.live ? widened(type, member.kind) : joined(type, member.kind)
    if (!widest || (widest === 'bignumeric' && column.hasFractions)) return undefined
    if (column.live && this.#mayChange(`${field.name} would widen from ${type} to ${widest}`)) return undefined
    const isKey = this.#isKey(member.key)
    const wider = widest === 'number' ? this.#widths.withFractions(column, member, { isKey, learns }) : widest
    if (wider === undefined || wider === undecided) return wider
    this.#columns.widen(column, wider)
    field.type = wider
    return undefined
  }

  #isConfigured(key: string): boolean {
    return Object.hasOwn(this.#options.columns, key) || this.#isKey(key)
  }

  /** Asked of new keys only. */
  #isSecret(key: string): boolean {
    return !this.#fields.has(key) && this.#options.isSecret?.(key) === true
  }

  #isKey(key: string): boolean {
    return this.#options.primaryKey.includes(key)
  }

  /** What the policy makes of a change: nothing where it is allowed; a frozen schema throws. */
  #mayChange(what: string): Refused | undefined {
    return this.#columns.isNew ? undefined : mayChange(this.#options, what)
  }

  #field(key: string): Field {
    return (
      this.#fields.get(key) ??
      this.#addField(key, this.#options.columns[key]?.rename ?? this.#columns.free(legalName(key), key))
    )
  }

  #addField(key: string, name: string): Field {
    const field = createField(this.#options, { key, name, live: this.#columns.get(name)?.type })
    this.#fields.set(key, field)
    this.#renamed += sizeOfName(key, name)
    this.#columns.take(name)
    return field
  }

  #setType(field: Field, member: Member): void {
    const isExact = this.#isKey(member.key) && member.key !== this.#options.timeKey
    field.type = isExact ? keyType(member) : (member.kind as ColumnType)
    this.#columns.add(field.name, field.type)
  }
}
