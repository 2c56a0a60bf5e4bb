import type { PageStep } from './pages.ts'

/** So many first pages are asked for again: where more are alike, slices share rows (users of one role). */
const mostDoubts = 20

/** So many pages are remembered. */
const mostMarks = 1000

/**
 * Knows the pages of the slices so far. A first page that another slice has brought, byte for byte, may be the answer to
 * another request (of a cache, or of a provider that mixes answers up); and where all slices are alike, the provider may
 * not understand what tells them apart.
 */
export class SliceTwins {
  readonly #marks = new Set<string>()
  #doubts = 0
  #slices = 0
  #first: { readonly mark: string; readonly rows: number } | undefined
  #alike: boolean

  /** `isWhole`: the listing begins with its first slice. */
  constructor(isWhole: boolean) {
    this.#alike = isWhole
  }

  /** Whether a first page has to be asked for again before it is believed. */
  doubts({ page }: PageStep): boolean {
    return page.mark !== '' && this.#marks.has(page.mark) && ++this.#doubts <= mostDoubts
  }

  /** Takes a page that is believed. */
  add({ page: { mark, body } }: PageStep, isFirst: boolean): void {
    if (isFirst) {
      this.#slices++
      this.#first ??= { mark, rows: body.rows.count }
      this.#alike &&= mark === this.#first.mark
    }
    if (mark === '') return
    this.#marks.add(mark)
    for (const oldest of this.#marks) if (this.#marks.size > mostMarks) this.#marks.delete(oldest)
  }

  /** The number of slices, where the first pages of all of them are the same and not just the same single row; else 0. */
  get alike(): number {
    return this.#alike && this.#slices > 1 && (this.#first?.rows ?? 0) > 1 ? this.#slices : 0
  }
}
