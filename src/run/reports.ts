import type { SignInStep } from './sign-in-step.ts'

interface Failure {
  readonly code: string
  readonly message: string
}

/** A column that a stream's table would get; `type` is one of `src/schema/types.ts`. */
export interface ReportedColumn {
  readonly name: string
  readonly type: string
}

/** One account that was signed in with: times are RFC 3339, and what the provider does not tell is absent. */
export interface ReportedSignInFacts {
  readonly method: string
  readonly account?: string
  readonly expires_at?: string
  readonly scopes_asked: readonly string[]
  readonly scopes_granted?: readonly string[]
  /** Asked for, and not among those that the provider says it granted. */
  readonly scopes_missing?: readonly string[]
}

/** One way to sign in, tried. */
export interface ReportedSignIn {
  /** Those that sign in this way. */
  readonly streams: readonly string[]
  /** The `type` of each method. */
  readonly methods: readonly string[]
  readonly ok: boolean
  readonly facts: readonly ReportedSignInFacts[]
  readonly failed_at?: SignInStep
  readonly error?: Failure
}

/** What one page of a stream shows. */
export interface ReportedStream {
  readonly stream: string
  /** Method and URL of the page, without credentials; empty where none was read. */
  readonly url: string
  readonly status: number
  readonly row_count: number
  /** Where the rows are: the stream's own path, or what was found; empty where nothing was. */
  readonly rows_path: string
  readonly paginator: { readonly type: string; readonly [setting: string]: unknown }
  readonly columns: readonly ReportedColumn[]
  /** Lines to add to the connector file. */
  readonly proposals: readonly string[]
  /** What may lose or double rows, a sentence each. */
  readonly warnings: readonly string[]
  /** Why no page was read, or why a run would fail although one was. */
  readonly error?: Failure
}

/** What a check found: the answer of `headrace check --json`. */
export interface CheckReport {
  readonly connector: string
  readonly sign_in: readonly ReportedSignIn[]
  readonly streams: readonly ReportedStream[]
}

/** The first rows of a stream: the answer of `headrace preview --json`. */
export interface PreviewReport {
  readonly connector: string
  readonly stream: string
  readonly columns: readonly ReportedColumn[]
  /** As the source sends them; an integer beyond 2^53 is a `bigint`. */
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly warnings: readonly string[]
  /** What the page lacks that the stream declares: a run would fail. */
  readonly error?: Failure
}
