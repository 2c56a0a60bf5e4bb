/** A finished HTML document and the headers that belong to it, its Content-Security-Policy among them. */
export interface Page {
  readonly status: number
  readonly html: string
  readonly headers: Readonly<Record<string, string>>
}

/** Who looks at a page, and when. */
export interface PageOptions {
  /** Milliseconds since 1970. */
  readonly now: number
  /** The token that a "run now" form sends back as `csrf`; without it there is no form. */
  readonly csrf?: string | undefined
  /** Whether the viewer may start runs: of every connector, or of the one that is asked for. */
  readonly mayRun: boolean | ((connector: string) => boolean)
  /** Who is signed in; there is a form for `POST /logout` then. */
  readonly viewer?: { readonly name: string } | undefined
  /** What the paths of the service stand below, without a slash at its end; empty where absent. */
  readonly base?: string | undefined
  /** One connector with all its streams, instead of all of them. */
  readonly connector?: string | undefined
  /** Which part of a long list, from 1. */
  readonly part?: number | undefined
  /** A file that stands alone: everything in it, no forms, links to places inside it. */
  readonly standalone?: boolean | undefined
}
