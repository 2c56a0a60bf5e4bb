import type { TableColumn } from './placed.ts'
import type { Column, ColumnType } from './types.ts'
import { withSuffix } from './names.ts'

/** The columns of one table, those that are there and those that the rows of this run add. None is ever taken away. */
export class TableColumns {
  /** By name in lower case, in the order of the table. */
  readonly #byName = new Map<string, TableColumn>()
  /** Names in lower case that are taken, whether or not the column is there yet. */
  readonly #taken = new Set<string>()
  readonly #changes: string[] = []
  /** The first page of a new table: what it adds is no change. */
  #isNew: boolean
  #version = 0

  constructor(live: readonly Column[]) {
    this.#isNew = live.length === 0
    for (const { name, type } of live)
      this.#byName.set(name.toLowerCase(), { name, type, live: true, isWide: undefined })
  }

  /** Grows with each change. */
  get version(): number {
    return this.#version
  }

  get isNew(): boolean {
    return this.#isNew
  }

  get count(): number {
    return this.#byName.size
  }

  get list(): readonly Column[] {
    return [...this.#byName.values()].map(({ name, type }) => ({ name, type }))
  }

  get byName(): ReadonlyMap<string, TableColumn> {
    return this.#byName
  }

  /** What changed since the run began, in words. */
  get changes(): readonly string[] {
    return this.#changes
  }

  get(name: string): TableColumn | undefined {
    return this.#byName.get(name.toLowerCase())
  }

  isTaken(name: string): boolean {
    return this.#taken.has(name.toLowerCase())
  }

  take(name: string): void {
    this.#taken.add(name.toLowerCase())
  }

  /** The name itself, or one like it that is not taken. */
  free(name: string, key: string): string {
    return this.isTaken(name) ? withSuffix(name, key) : name
  }

  add(name: string, type: ColumnType): void {
    if (!this.#isNew) this.#changes.push(`${name}: added as ${type}`)
    this.#byName.set(name.toLowerCase(), { name, type, live: false, isWide: false })
    this.take(name)
    this.#version++
  }

  widen(column: TableColumn, type: ColumnType): void {
    if (column.live) this.#changes.push(`${column.name}: ${column.type} widened to ${type}`)
    column.type = type
    this.#version++
  }

  /** The rows of a page are in: from now on its columns count as the warehouse's. */
  settle(): void {
    for (const column of this.#byName.values()) column.live = true
    if (this.#byName.size > 0) this.#isNew = false
  }
}
