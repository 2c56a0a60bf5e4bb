import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { starterConnector } from '../connector/starter.ts'
import { type StarterAuth, asksTokenUrl } from '../connector/starter-auth.ts'
import { makeFolders } from '../base/make-folders.ts'
import { SyncError } from '../base/errors.ts'
import { connectorsDirOf } from '../run/app.ts'
import { type CommandContext, toJson } from './context.ts'
import { exitCodes } from './exit-code.ts'

/** The flags; each as in `StarterOptions`. */
export interface InitOptions {
  readonly baseUrl?: string
  readonly auth?: StarterAuth
  readonly provider?: string
  readonly authorizeUrl?: string
  readonly tokenUrl?: string
  readonly stream?: string
  readonly path?: string
  readonly rows?: string
  /** Comma between. */
  readonly primaryKey?: string
  readonly cursor?: string
  readonly cursorParam?: string
}

/** `headrace init`: writes a connector file, and never over one that is there. */
export async function initCommand(name: string, options: InitOptions, context: CommandContext): Promise<number> {
  const { terminal, globals, env } = context
  if (!/^[a-z][a-z0-9_-]*$/.test(name))
    throw new SyncError(
      'REQUEST_INVALID',
      `${JSON.stringify(name)} is no name for a connector: use lower-case letters, digits, _ and -, beginning with a letter.`,
    )
  const { baseUrl, primaryKey, ...rest } = options.baseUrl === undefined ? await ask(name, options) : options
  if (baseUrl === undefined)
    throw new SyncError('REQUEST_INVALID', 'Say where the API is: --base-url https://api.example.com/v1.')
  checkAuth(rest)
  const keys = primaryKey?.split(',').map((key) => key.trim())
  const text = starterConnector({ name, baseUrl, ...rest, ...(keys && { primaryKey: keys }) })
  const path = join(globals.connectors ?? connectorsDirOf(env), `${name}.yaml`)
  await writeNew(path, text)
  if (globals.json) terminal.print(toJson({ connector: name, file: path }))
  else terminal.print(`Wrote ${path}.\nNext: ${nextStep(name, rest.auth)}\n`)
  return exitCodes.complete
}

function checkAuth({ auth, provider, authorizeUrl, tokenUrl }: InitOptions): void {
  const consent = auth === 'oauth2_authorization_code'
  if (provider !== undefined && !consent)
    throw new SyncError('REQUEST_INVALID', '--provider is for --auth oauth2_authorization_code: leave it out.')
  if (auth !== undefined && asksTokenUrl(auth) && !tokenUrl)
    throw new SyncError(
      'REQUEST_INVALID',
      'Say where tokens come from: --token-url https://api.example.com/oauth/token.',
    )
  if (consent && provider === undefined && !(authorizeUrl && tokenUrl))
    throw new SyncError(
      'REQUEST_INVALID',
      'Say who asks for consent: --provider github (or another that is known), else --authorize-url and --token-url.',
    )
}

const nextStep = (name: string, auth: InitOptions['auth']): string =>
  auth === 'oauth2_authorization_code'
    ? `name the scopes in it, then headrace connect ${name}`
    : `headrace check ${name}`

/** Questions, where there is somebody to answer them. */
async function ask(name: string, given: InitOptions): Promise<InitOptions> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return given
  const { askForConnector } = await import('./questions.ts')
  return { ...given, ...(await askForConnector(name, given)) }
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await makeFolders(dirname(path))
    await writeFile(path, text, { flag: 'wx' })
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException
    const message =
      code === 'EEXIST' && syscall === 'open'
        ? `${path} is there already, and is not overwritten: choose another name, or move it away.`
        : `${path} cannot be written (${code ?? 'unknown error'}): check its directory, or name another with --connectors.`
    throw new SyncError('REQUEST_INVALID', message, { cause })
  }
}
