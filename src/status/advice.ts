import type { ErrorCode } from '../base/errors.ts'

/** What the person on call does about each code. The table in errors.md has the same lines. */
export const advice: Readonly<Record<ErrorCode, string>> = {
  CONFIG_INVALID: 'Fix the line that the message names, then run headrace check.',
  CONNECTOR_NOT_FOUND: 'Check the name, and that the connector file was deployed.',
  REQUEST_INVALID: 'Fix what the caller sends: the message says which part.',
  SECRET_MISSING: 'Create the secret, or fix its name in the connector file.',
  SECRET_FORBIDDEN: 'Let the account that runs headrace read the secret (Secret Manager: secretAccessor on it).',
  SECRET_UNAVAILABLE: 'Nothing: the next run tries again. If it stays, look at the status of the secret store.',
  AUTH_FAILED: 'Check client id, secret and scopes with the provider; headrace check says which step fails.',
  AUTH_UNAVAILABLE: 'Nothing: the next run tries again. If it stays, look at the status of the provider.',
  AUTH_REJECTED: 'The API refuses the credential: has it been revoked, or does it lack a permission? Rotate it.',
  RECONNECT_NEEDED: 'A person has to consent again: run headrace connect for this connector.',
  CALLER_UNKNOWN: 'Send an identity token for the audience of the service; an expired one is refused.',
  CALLER_REFUSED: 'Add the caller to HEADRACE_CALLERS, or call as an account that is listed.',
  CALLER_UNCHECKED: 'Nothing: call again. If it stays, look at the status of the provider that signs people in.',
  TOO_MANY_RUNS: 'Nothing: call again later. If it happens often, spread the schedules.',
  TLS_FAILED: 'Check the certificate of the provider, and the key, certificate and ca under tls.',
  DEPLOYMENT_FAILED: 'Read the message: it names the step. Deploying again goes on where it stopped.',
  QUEUE_FAILED: 'Nothing is lost: the next run goes on. Check the queue, and the right to add tasks to it.',
  ORIGIN_REFUSED: 'If the host in the message belongs to the provider, add it to origins; else ask the provider.',
  API_UNAVAILABLE: 'Nothing: the next run goes on where this one stopped. If it stays, ask the provider.',
  API_REFUSED: "Read the provider's words in the message: most often a wrong path, parameter or permission.",
  RATE_LIMITED: 'Nothing: the next run goes on. If it happens each time, lower rate_limit or run less often.',
  REQUEST_TIMEOUT: 'The next run tries again. If it stays, ask for smaller pages or raise timeout.',
  RESPONSE_INVALID: 'Look at what the provider sends (headrace preview): is the format right, is it a login page?',
  RESPONSE_TOO_LARGE: 'Ask for smaller pages.',
  ROWS_NOT_FOUND: 'Set rows to the path of the rows; headrace check proposes one.',
  LISTING_EXPIRED: 'Nothing: the next run reads the listing from its start.',
  PAGE_REPEATED: 'The provider ignores the page parameter: fix paginator; headrace check proposes one.',
  LISTING_INCOMPLETE:
    'The provider says that there is more: fix paginator or rows as the message says; headrace check proposes one.',
  CURSOR_INVALID: 'Add the line that the message names (incremental.format), or choose another cursor.',
  STATE_MISMATCH:
    'Undo the change that the message names, or run with --full-refresh; headrace state shows and sets the cursor.',
  KEY_MISSING: 'A row lacks a field of primary_key: choose fields that every row has.',
  SCHEMA_FROZEN: 'The provider sends a new or changed field: alter the table, or set schema to evolve.',
  TOO_MANY_REJECTS: 'See _headrace_rejects for the rows and the reasons; fix columns, or raise max_rejects.',
  TOO_MANY_DELETES: 'Check whether the provider left rows out; if they are really gone, raise deletes.max_share.',
  TABLE_SHRINKS: 'Check whether the provider left rows out; if the listing is right, raise replace.max_share.',
  CHECKPOINT_TOO_LARGE:
    'See what the message names: the provider sends page tokens, ids or cursors that are far too large; ask for smaller pages.',
  STATE_CONFLICT: 'Nothing: another run of the stream was faster. If it happens often, schedules overlap.',
  DESTINATION_BUSY: 'Nothing: another process writes there, and the next run tries again.',
  DESTINATION_FULL: 'Make room on the disk (or raise the quota); the next run goes on.',
  DESTINATION_READ_ONLY: 'Give the account that runs headrace the right to write there.',
  DESTINATION_UNAVAILABLE: 'Nothing to do: the next run tries again, and goes on where this one stopped.',
  DESTINATION_FORBIDDEN: 'Run the command that the message names, then run again.',
  DESTINATION_FAILED: 'Read the message: the warehouse refused. The rows are not lost, the next run reads them again.',
  INTERRUPTED: 'Nothing: the run was stopped, and the next one goes on.',
  INTERNAL: 'A defect of headrace: run it again with --log-level trace and report what it says.',
}

/** What to do about a code, as a record spells it; undefined for one that this version does not know. */
export function adviceFor(code: string): string | undefined {
  return Object.hasOwn(advice, code) ? advice[code as ErrorCode] : undefined
}
