import { SyncError } from '../errors.ts'
import type { ResourceName } from './resource-name.ts'

/** The codes of google.rpc.Code that the access call is known to answer. */
const grpc = {
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  failedPrecondition: 9,
  unauthenticated: 16,
} as const

const role = 'roles/secretmanager.secretAccessor'

/** The end of a sentence. */
export const noCredentials =
  'this process has no Google credentials that are accepted. Sign in (gcloud auth application-default login) or check GOOGLE_APPLICATION_CREDENTIALS.'

type FullName = ResourceName & { readonly project: string }

/** `Secret acme-key of project acme`, with its version unless that is `latest`. */
export function describeSecret({ project, secret, version }: FullName): string {
  const which = version === 'latest' ? '' : `Version ${version} of `
  return `${which}${which === '' ? 'Secret' : 'secret'} ${secret} of project ${project}`
}

/**
 * Says what the client's error means and which command mends it. The original is not kept as `cause`: it carries the
 * response, and with it what must not be printed.
 */
export function toSecretError(thrown: unknown, name: FullName): SyncError {
  const { code, message = '' } = thrown as { code?: number | string; message?: string }
  switch (Number(code)) {
    case grpc.notFound:
      return new SyncError(
        'SECRET_MISSING',
        `${describeSecret(name)} does not exist. Create it: ${createCommand(name)}. ${grantHint(name)}`,
      )
    case grpc.permissionDenied:
      return toForbidden(message, name)
    case grpc.unauthenticated:
      return toUnauthenticated(name)
    case grpc.failedPrecondition:
      return new SyncError('SECRET_MISSING', describeState(message, name))
    case grpc.invalidArgument:
      // Google's token endpoint answers 400 to a login that has run out.
      if (/invalid_grant|invalid_rapt|invalid_client/.test(message)) return toUnauthenticated(name)
      return new SyncError('CONFIG_INVALID', `${describeSecret(name)} is no name that Secret Manager accepts.`)
    default:
      return toUnavailable(code, name)
  }
}

function toUnauthenticated(name: FullName): SyncError {
  return new SyncError('SECRET_FORBIDDEN', `${describeSecret(name)} cannot be read, as ${noCredentials}`)
}

function toForbidden(message: string, name: FullName): SyncError {
  if (/has not been used|SERVICE_DISABLED|it is disabled/.test(message)) {
    const command = `gcloud services enable secretmanager.googleapis.com --project=${name.project}`
    return new SyncError(
      'SECRET_FORBIDDEN',
      `${describeSecret(name)} cannot be read, as Secret Manager is not enabled there. Enable it: ${command}`,
    )
  }
  return new SyncError(
    'SECRET_FORBIDDEN',
    `${describeSecret(name)} may not be read by this service account, or does not exist. ${grantHint(name)}`,
  )
}

function toUnavailable(code: number | string | undefined, name: FullName): SyncError {
  return new SyncError(
    'SECRET_UNAVAILABLE',
    `${describeSecret(name)} could not be read, as Secret Manager did not answer as it should (code ${code ?? 'unknown'}); try again later.`,
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

function addCommand(name: FullName): string {
  return `gcloud secrets versions add ${name.secret} --data-file=- ${flags(name)}`
}

function grantHint(name: FullName): string {
  return `The role that is needed is ${role}: gcloud secrets add-iam-policy-binding ${name.secret} --member=serviceAccount:ACCOUNT --role=${role} ${flags(name)}`
}

function flags({ project, location }: FullName): string {
  return location === undefined ? `--project=${project}` : `--project=${project} --location=${location}`
}
