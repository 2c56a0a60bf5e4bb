import type { StreamConfig } from '../connector/connector.ts'
import { SyncError } from '../base/errors.ts'
import type { Warn } from '../base/warnings.ts'

/** Rows of a parent that no request of its child can be made of: they are left out, the other parents are read. */
export class RefusedParents {
  readonly #stream: Pick<StreamConfig, 'name' | 'parent'>
  /** By the field: how many rows, and what is wrong with the first. */
  readonly #found = new Map<string, { count: number; readonly why: string }>()

  constructor(stream: Pick<StreamConfig, 'name' | 'parent'>) {
    this.#stream = stream
  }

  /** `field` is the name that a template has for it. Always false: the row is not read. */
  add(field: string, why: string): false {
    const found = this.#found.get(field)
    if (found) found.count++
    else this.#found.set(field, { count: 1, why })
    return false
  }

  /** Warns of them. Throws `RESPONSE_INVALID` where they are `all` that the parent has: nothing would ever be read. */
  report(warn: Warn, all: boolean): void {
    const { name, parent } = this.#stream
    for (const [field, { count, why }] of this.#found) {
      const rows = `${count} ${count === 1 ? 'row' : 'rows'} of ${parent?.stream}`
      const what = `whose ${parent?.include[field] ?? field} ${why}`
      if (all)
        throw new SyncError(
          'RESPONSE_INVALID',
          `Stream ${name} can read no row of its parent, as it would leave out ${rows} ${what}: see whether parent.include names the right field.`,
        )
      warn('SLICE_SKIPPED', `Stream ${name} leaves out ${rows} ${what}`.replace(/\.?$/, '.'))
    }
    this.#found.clear()
  }
}
