import { SyncError } from '../base/errors.ts'
import type { FullName } from './resource-name.ts'

/** The codes of google.rpc.Code that Secret Manager is known to answer. */
const grpc = {
  invalidArgument: 3,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  failedPrecondition: 9,
  aborted: 10,
  unauthenticated: 16,
} as const

/** What was asked of a secret: the end of "cannot ...", and the smallest ready role that allows it. */
const actions = {
  access: { words: 'be read', role: 'roles/secretmanager.secretAccessor' },
  look: { words: 'be looked at', role: 'roles/secretmanager.viewer' },
  // No smaller ready role has secretmanager.secrets.update.
  lease: { words: 'be leased for a renewal', role: 'roles/secretmanager.admin' },
  add: { words: 'get a new version', role: 'roles/secretmanager.secretVersionAdder' },
  tidy: { words: 'have its old versions disabled', role: 'roles/secretmanager.secretVersionManager' },
  create: { words: 'be created', role: 'roles/secretmanager.admin' },
} as const

export type SecretAction = keyof typeof actions

/** The end of a sentence. */
export const noCredentials =
  'this process has no Google credentials that are accepted. Sign in (gcloud auth application-default login) or check GOOGLE_APPLICATION_CREDENTIALS.'

/** `Secret acme-key of project acme`, with its version unless that is `latest`. */
export function describeSecret({ project, secret, version }: FullName): string {
  const which = version === 'latest' ? '' : `Version ${version} of `
  return `${which}${which === '' ? 'Secret' : 'secret'} ${secret} of project ${project}`
}

/** Whether somebody changed the secret since its etag was read. The service is known to say it in either of two ways. */
export function isStale(thrown: unknown): boolean {
  return [grpc.failedPrecondition, grpc.aborted].some((code) => code === codeOf(thrown))
}

export function isMissing(thrown: unknown): boolean {
  return codeOf(thrown) === grpc.notFound
}

export function isThere(thrown: unknown): boolean {
  return codeOf(thrown) === grpc.alreadyExists
}

function codeOf(thrown: unknown): number {
  return Number((thrown as { code?: unknown }).code)
}

/**
 * Says what the client's error means and which command fixes it. The original is not kept as `cause`: it carries the
 * response, and with it what must not be printed.
 */
export function toSecretError(thrown: unknown, name: FullName, action: SecretAction = 'access'): SyncError {
  const { code, message = '' } = thrown as { code?: number | string; message?: string }
  switch (codeOf(thrown)) {
    case grpc.notFound:
      return new SyncError(
        'SECRET_MISSING',
        `${describeSecret(name)} does not exist. Create it: ${createCommand(name)}. ${grantHint(name, action)}`,
        { details: { absent: true } },
      )
    case grpc.permissionDenied:
      return toForbidden(message, name, action)
    case grpc.unauthenticated:
      return toUnauthenticated(name, action)
    case grpc.failedPrecondition:
      return action === 'access'
        ? new SyncError('SECRET_MISSING', describeState(message, name), { details: { state: 'not enabled' } })
        : toUnavailable(code, name, action)
    case grpc.invalidArgument:
      // Google's token endpoint answers 400 to a login that has run out.
      if (/invalid_grant|invalid_rapt|invalid_client/.test(message)) return toUnauthenticated(name, action)
      return new SyncError('CONFIG_INVALID', `${describeSecret(name)} is no name that Secret Manager accepts.`)
    default:
      return toUnavailable(code, name, action)
  }
}

function toUnauthenticated(name: FullName, action: SecretAction): SyncError {
  const message = `${describeSecret(name)} cannot ${actions[action].words}, as ${noCredentials}`
  return new SyncError('SECRET_FORBIDDEN', message)
}

function toForbidden(message: string, name: FullName, action: SecretAction): SyncError {
  const { words } = actions[action]
  if (/has not been used|SERVICE_DISABLED|it is disabled/.test(message)) {
    const command = `gcloud services enable secretmanager.googleapis.com --project=${name.project}`
    return new SyncError(
      'SECRET_FORBIDDEN',
      `${describeSecret(name)} cannot ${words}, as Secret Manager is not enabled there. Enable it: ${command}`,
    )
  }
  return new SyncError(
    'SECRET_FORBIDDEN',
    `${describeSecret(name)} may not ${words} by this service account, or does not exist. ${grantHint(name, action)}`,
  )
}

function toUnavailable(code: number | string | undefined, name: FullName, action: SecretAction): SyncError {
  return new SyncError(
    'SECRET_UNAVAILABLE',
    `${describeSecret(name)} could not ${actions[action].words}, as Secret Manager did not answer as it should (code ${code ?? 'unknown'}); try again later.`,
  )
}

function describeState(message: string, name: FullName): string {
  if (/DESTROYED/i.test(message))
    return `${describeSecret(name)} is destroyed and its value is gone; add a new version: ${addCommand(name)}`
  if (!/DISABLED/i.test(message))
    return `${describeSecret(name)} is in a state in which it cannot be read; look at it in Secret Manager.`
  const version = name.version === 'latest' ? 'VERSION' : name.version
  return `${describeSecret(name)} is disabled; enable it: gcloud secrets versions enable ${version} --secret=${name.secret} ${flags(name)}`
}

function createCommand(name: FullName): string {
  return `gcloud secrets create ${name.secret} --data-file=- ${flags(name)}`
}

/** The command that stores a new value. */
function addCommand(name: FullName): string {
  return `gcloud secrets versions add ${name.secret} --data-file=- ${flags(name)}`
}

function grantHint(name: FullName, action: SecretAction): string {
  const { role } = actions[action]
  const member = '--member=serviceAccount:ACCOUNT'
  const command =
    action === 'create'
      ? `gcloud projects add-iam-policy-binding ${name.project} ${member} --role=${role}`
      : `gcloud secrets add-iam-policy-binding ${name.secret} ${member} --role=${role} ${flags(name)}`
  const why =
    action === 'lease' ? ' (no smaller ready role has secretmanager.secrets.update; a role of your own may)' : ''
  return `The role that is needed is ${role}${why}: ${command}`
}

function flags({ project, location }: FullName): string {
  return location === undefined ? `--project=${project}` : `--project=${project} --location=${location}`
}
