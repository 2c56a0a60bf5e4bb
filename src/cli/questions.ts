import { cancel, select, text } from '@clack/prompts'
import { starterAuth } from '../config/starter.ts'
import { SyncError } from '../errors.ts'
import type { InitOptions } from './init.ts'

const labels: Readonly<Record<(typeof starterAuth)[number], string>> = {
  none: 'nothing',
  basic: 'user name and password',
  bearer: 'a bearer token',
  api_key: 'an API key in a header',
  oauth2_client_credentials: 'OAuth 2.0 client credentials',
}

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
    (await answer<(typeof starterAuth)[number]>(
      select({
        message: 'What does it sign you in with?',
        options: starterAuth.map((value) => ({ value, label: labels[value] })),
        output,
      }),
    ))
  const tokenUrl =
    auth !== 'oauth2_client_credentials' || given.tokenUrl !== undefined
      ? given.tokenUrl
      : await answer(text({ message: 'Where do its tokens come from?', validate: checkUrl, output }))
  const stream =
    given.stream ??
    (await answer(text({ message: 'What shall the first stream be called?', initialValue: 'items', output })))
  const path = given.path ?? (await answer(text({ message: 'What is its path?', initialValue: `/${stream}`, output })))
  return { baseUrl, auth, stream, path, ...(tokenUrl !== undefined && { tokenUrl }) }
}

async function answer<T extends string>(question: Promise<T | symbol>): Promise<T> {
  const value = await question
  if (typeof value !== 'symbol') return value
  cancel('Nothing was written.', { output })
  throw new SyncError('INTERRUPTED', 'No connector was written, as the questions were left.')
}

function checkUrl(value: string | undefined): string | undefined {
  return /^https?:\/\/\S+$/.test(value ?? '') ? undefined : 'A URL, such as https://api.example.com/v1'
}
