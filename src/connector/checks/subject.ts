import type { Connector, ParsedConnector, StreamConfig } from '../connector.ts'
import type { Report } from '../problems.ts'

/** A stream as far as it could be understood. Paths that a check reports are relative to the stream. */
export interface StreamSubject {
  readonly stream: Partial<StreamConfig>
  /** Keys that are wrong already: nothing is to be concluded from what stands in for them. */
  readonly broken: ReadonlySet<string>
  readonly report: Report
}

export interface SignedStream extends StreamSubject {
  /** Whether its requests are signed, by its own `auth` or the connector's, understood or not. */
  readonly hasCredential: boolean
}

/** The connector as far as it could be understood. Paths that a check reports are those of the file. */
export interface ConnectorSubject {
  readonly connector: Partial<Omit<ParsedConnector, 'streams' | 'defaults' | 'auth'>> & {
    readonly auth?: Connector['auth'] | undefined
  }
  readonly broken: ReadonlySet<string>
  readonly streams: readonly SignedStream[]
  /** Whether any `auth` names a method but none, understood or not. */
  readonly hasCredential: boolean
  readonly report: Report
}
