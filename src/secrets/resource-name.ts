import { SyncError } from '../base/errors.ts'
import type { SecretRef } from './ref.ts'

/** A secret of Secret Manager, in the parts of its resource name. */
export interface ResourceName {
  /** Absent where the reference is short: then it is the project of the run. */
  readonly project?: string
  /** Of a regional secret; such a one has its own endpoint. */
  readonly location?: string
  readonly secret: string
  /** A number, an alias, or `latest`. */
  readonly version: string
}

const full = /^projects\/([^/]+)(?:\/locations\/([a-z0-9-]+))?\/secrets\/([\w-]{1,255})(?:\/versions\/([\w-]+))?$/
const short = /^[\w-]{1,255}$/

/** Throws `CONFIG_INVALID` where `ref` is neither a secret's short name nor a full resource name. */
export function parseResourceName(ref: SecretRef): ResourceName {
  if (short.test(ref.name)) return { secret: ref.name, version: ref.version ?? 'latest' }
  const [, project, location, secret, version] = full.exec(ref.name) ?? []
  if (project === undefined || secret === undefined) {
    throw new SyncError(
      'CONFIG_INVALID',
      `${ref.text} is no name of a secret: expected letters, digits, - and _, or projects/PROJECT/secrets/NAME.`,
    )
  }
  if (version !== undefined && ref.version !== undefined) {
    throw new SyncError('CONFIG_INVALID', `${ref.text} names a version twice; leave out @${ref.version}.`)
  }
  return { project, ...(location && { location }), secret, version: version ?? ref.version ?? 'latest' }
}

export type FullName = ResourceName & { readonly project: string }

/** The resource name of the version, as the API wants it. */
export function formatVersionName(name: FullName): string {
  return `${formatSecretName(name)}/versions/${name.version}`
}

/** The resource name of the secret, as the API wants it. */
export function formatSecretName(name: FullName): string {
  return `${formatParentName(name)}/secrets/${name.secret}`
}

/** What a secret is made in: a project, or a region of it. */
export function formatParentName({ project, location }: FullName): string {
  return location === undefined ? `projects/${project}` : `projects/${project}/locations/${location}`
}
