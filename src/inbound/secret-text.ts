import type { App } from '../run/app.ts'
import { SyncError } from '../base/errors.ts'
import { parseSecretRef } from '../secrets/ref.ts'

/** A rotated secret is seen after so many milliseconds. */
const keepFor = 300_000

/** Reads one secret of the front door's, now and then again. Throws `SECRET_*`. */
export function createSecretReader(text: string, app: App, signal: AbortSignal): () => Promise<string> {
  let kept: { readonly until: number; readonly value: Promise<string> } | undefined

  async function read(): Promise<string> {
    const ref = parseSecretRef(text)
    if (!ref) throw new SyncError('CONFIG_INVALID', 'A secret of the sign-in is no reference to one.')
    // A `file:` stands beside nothing here, so it is looked for in the working directory.
    const secret = await app.secretStore({ file: 'environment' }).read(ref, signal)
    app.redactor.add(secret)
    return secret.reveal()
  }

  return async () => {
    const now = app.effects.now()
    if (!kept || kept.until <= now) kept = { until: now + keepFor, value: read() }
    try {
      return await kept.value
    } catch (thrown) {
      kept = undefined
      throw thrown
    }
  }
}
