import type { AuthClient } from 'google-auth-library'
import { SyncError } from '../../base/errors.ts'

/** Signs requests to BigQuery as the one who runs this process. */
export interface Credentials {
  /** Request headers; renewed by itself before the access token expires. Throws `DESTINATION_FORBIDDEN`. */
  headers(url: string): Promise<Record<string, string>>
  /** Forgets the access token: the service has refused it. */
  renew(): void
  /** As an IAM policy spells it: `serviceAccount:NAME@PROJECT.iam.gserviceaccount.com`; with EMAIL in it where it is not known. */
  member(): Promise<string>
}

const scopes = ['https://www.googleapis.com/auth/bigquery']

/** The application default credentials: of the service account that a function runs as, or of `gcloud auth application-default login`. */
export function createCredentials(): Credentials {
  let client: Promise<AuthClient> | undefined
  const open = (): Promise<AuthClient> => (client ??= findCredentials())
  return {
    async headers(url) {
      try {
        return Object.fromEntries(await (await open()).getRequestHeaders(url))
      } catch (thrown) {
        client = undefined
        throw thrown instanceof SyncError ? thrown : refuse('BigQuery cannot be asked: no access token could be had')
      }
    },
    renew() {
      client = undefined
    },
    async member() {
      try {
        const { GoogleAuth } = await import('google-auth-library')
        const { client_email: email } = await new GoogleAuth({ scopes }).getCredentials()
        return `serviceAccount:${email ?? 'EMAIL'}`
      } catch {
        // It only fills in a blank of a message that is about something else.
        return 'serviceAccount:EMAIL'
      }
    },
  }
}

async function findCredentials(): Promise<AuthClient> {
  const { GoogleAuth } = await import('google-auth-library')
  try {
    return await new GoogleAuth({ scopes }).getClient()
  } catch {
    throw refuse('BigQuery cannot be asked: there are no Google credentials')
  }
}

/** What went wrong is not kept as a cause: it may quote the credential file. */
function refuse(what: string): SyncError {
  return new SyncError(
    'DESTINATION_FORBIDDEN',
    `${what}; run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS to a key file.`,
  )
}

/** For a server on this machine, which asks for none. */
export const noCredentials: Credentials = {
  headers: async () => ({}),
  renew: () => undefined,
  member: async () => 'serviceAccount:EMAIL',
}
