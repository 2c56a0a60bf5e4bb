import { allowedChanges } from './allowed.ts'
import { spellBound } from './connector.ts'
import type { Change, ConnectorSpec, Host, ProviderSpec } from './scenario.ts'
import { type SourceRow, Source, bookedLag } from './source.ts'
import { spellingOf } from './spelling.ts'

/** What there is at the provider in truth, host by host. */
export class Reality {
  readonly #spec: ProviderSpec
  readonly #sources: Readonly<Record<Host, Source>>

  constructor(spec: ProviderSpec) {
    this.#spec = spec
    this.#sources = { api: new Source(spec, 'api'), sandbox: new Source(spec, 'sandbox') }
  }

  readonly sourceOf = (host: Host): Source => this.#sources[host]

  /** How often anything changed. */
  get changes(): number {
    return this.#sources.api.changes + this.#sources.sandbox.changes
  }

  /** What a connector reads changes, unless nobody could notice it; returns whether it did. `isOpen`: a listing may be half read. */
  change(change: Change, { connector, isOpen, now }: Moment): boolean {
    const { during, between } = allowedChanges(this.#spec, connector)
    if (!(isOpen ? during : between).has(change.kind)) return false
    const late = Math.max(connector.lookback * 1000 - 10_000, 0)
    this.#sources[connector.host].apply(change, now, late)
    return true
  }

  /** The slices that exist, of those that the connector names where it does. */
  slicesOf(connector: ConnectorSpec, host: Host): readonly number[] {
    return connector.slices.filter((slice) => !this.#sources[host].gone.has(slice))
  }

  /** The rows that the connector is to bring. */
  live(connector: ConnectorSpec): readonly SourceRow[] {
    const { rows } = this.#sources[connector.host]
    const slices = this.slicesOf(connector, connector.host)
    return rows.filter(
      (row) => (connector.slicing === 'none' || slices.includes(row.slice)) && this.#isWithin(row, connector),
    )
  }

  #isWithin({ at }: SourceRow, connector: ConnectorSpec): boolean {
    const { start, end, incremental, cursor } = connector
    if (!incremental) return true
    const when = at - (cursor === 'booked_at' ? bookedLag : 0)
    const bound = (hours: number): number => {
      const spelled = spellBound(hours, connector, this.#spec)
      return connector.isoBounds ? Date.parse(String(spelled)) : this.#parse(spelled)
    }
    return (start === null || when >= bound(start)) && (end === null || when < bound(end))
  }

  #parse(value: string | number): number {
    return spellingOf(this.#spec.spelling).parse(String(value)) as number
  }
}

interface Moment {
  readonly connector: ConnectorSpec
  readonly isOpen: boolean
  /** Milliseconds since 1970. */
  readonly now: number
}
