/** Pages of ours that a person may be sent back to after signing in, and nothing that a browser could take for another host. */
const page = /^\/(?:runs\/[A-Za-z0-9-]{1,100})?(?:\?[A-Za-z0-9_=&%.~-]{0,300})?$/

/** The path to go back to after signing in; `/` for whatever is no page of ours. */
export const safeReturnPath = (path: string | null | undefined): string => (path && page.test(path) ? path : '/')
