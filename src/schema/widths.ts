import type { ColumnType } from './types.ts'
import type { Member } from './value.ts'
import type { TableColumn } from './placed.ts'
import { holds, isBeyondDouble } from './widen.ts'

/** A column that is to take a fraction: what it becomes is known once the page is encoded and its question answered. */
export const undecided = Symbol('undecided')
export type Undecided = typeof undecided

/**
 * What columns of integers become with a fraction: of doubles only where that rounds none of their values. That depends
 * on all rows of a page, and on those of the table where `isWide` is undefined; so a page with such a fraction is
 * encoded again once the question was answered.
 */
export class Widths {
  readonly #questions = new Map<TableColumn, boolean>()

  /** The questions of this page that were not answered yet. */
  get open(): readonly TableColumn[] {
    return [...this.#questions].filter(([, isAnswered]) => !isAnswered).map(([column]) => column)
  }

  answer(column: TableColumn, isWide: boolean): void {
    column.isWide ||= isWide
    this.#questions.set(column, true)
  }

  /** The page is done. */
  settle(): void {
    this.#questions.clear()
  }

  /** Takes note of a value that goes into a column. */
  note(column: TableColumn | undefined, { kind, text }: Member): void {
    if (column?.type === 'integer' && isBeyondDouble(text)) column.isWide = true
    if (column?.type === 'numeric' && kind === 'number') column.hasFractions = true
  }

  /** `learns`: the page is yet to be encoded, so nothing is asked. */
  withFractions(
    column: TableColumn,
    member: Member,
    { isKey, learns }: { readonly isKey: boolean; readonly learns: boolean },
  ): ColumnType | Undecided | undefined {
    const exact = holds(member, 'numeric') ? 'numeric' : undefined
    if (isKey) return exact
    if (learns ? column.isWide !== undefined : this.#questions.get(column)) return column.isWide ? exact : 'number'
    if (!learns) this.#questions.set(column, false)
    return undecided
  }
}
