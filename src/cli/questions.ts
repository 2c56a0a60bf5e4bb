import { cancel, select, text } from '@clack/prompts'
import { providerNames } from '../auth/authorization/providers/index.ts'
import { type StarterAuth, asksTokenUrl, starterAuth, starterAuthLabel } from '../connector/starter-auth.ts'
import { SyncError } from '../base/errors.ts'
import type { InitOptions } from './init.ts'

// The questions go to standard error, as standard output is for results.
const output = process.stderr

/** Asks for what the flags leave open. Throws `INTERRUPTED` where the user gives up. */
export async function askForConnector(name: string, given: InitOptions): Promise<InitOptions> {
  const baseUrl = await answer(
    text({
      message: `Where is the API of ${name}?`,
      placeholder: 'https://api.example.com/v1',
      validate: checkUrl,
      output,
    }),
  )
  const auth =
    given.auth ??
    (await answer<StarterAuth>(
      select({
        message: 'What does it sign you in with?',
        options: starterAuth.map((value) => ({ value, label: starterAuthLabel(value) })),
        output,
      }),
    ))
  const urls = await askForUrls({ ...given, auth })
  const stream =
    given.stream ??
    (await answer(text({ message: 'What shall the first stream be called?', initialValue: 'items', output })))
  const path = given.path ?? (await answer(text({ message: 'What is its path?', initialValue: `/${stream}`, output })))
  return { baseUrl, auth, stream, path, ...urls }
}

type Urls = Pick<InitOptions, 'provider' | 'authorizeUrl' | 'tokenUrl'>

/** Of the method: who gives the token, and who asks for consent. */
async function askForUrls({ auth, provider, authorizeUrl, tokenUrl }: InitOptions): Promise<Urls> {
  const url = (message: string): Promise<string> => answer(text({ message, validate: checkUrl, output }))
  if (auth !== 'oauth2_authorization_code')
    return auth !== undefined && asksTokenUrl(auth)
      ? { tokenUrl: tokenUrl ?? (await url('Where do its tokens come from?')) }
      : {}
  if (provider !== undefined) return { provider }
  const wanted = authorizeUrl === undefined ? await askForProvider() : 'other'
  if (wanted !== 'other') return { provider: wanted }
  return {
    authorizeUrl: authorizeUrl ?? (await url('Where is the browser sent for consent?')),
    tokenUrl: tokenUrl ?? (await url('Where do its tokens come from?')),
  }
}

const askForProvider = (): Promise<string> =>
  answer(
    select({
      message: 'Who asks you for consent?',
      options: [...providerNames, 'other'].map((value) => ({ value, label: value })),
      output,
    }),
  )

async function answer<T extends string>(question: Promise<T | symbol>): Promise<T> {
  const value = await question
  if (typeof value !== 'symbol') return value
  cancel('Nothing was written.', { output })
  throw new SyncError('INTERRUPTED', 'No connector was written, as the questions were left.')
}

function checkUrl(value: string | undefined): string | undefined {
  return /^https?:\/\/\S+$/.test(value ?? '') ? undefined : 'A URL, such as https://api.example.com/v1'
}
