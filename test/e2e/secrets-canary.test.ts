import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { inspect } from 'node:util'
import { authConfig } from '../../src/auth/index.ts'
import { createProgram } from '../../src/cli/program.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { type Behaviour, behaviours, type EchoingProvider, startEchoingProvider } from '../support/echoing-provider.ts'
import { findLeaks, readTree } from '../support/leaks.ts'
import { type SecretManagerServer, startSecretManager } from '../support/secret-manager.ts'
import { connectorText } from '../support/workspace.ts'
import { googleKeyFile, signedIn, type SignedIn } from './signed-in.ts'

// Every secret of every method is a canary, and every token that a provider gives is one: none may turn up in what a
// command writes, regardless of what the provider does. Commands run in this process, one at a time; credentials.test.ts runs real ones.

const levels = ['error', 'warn', 'info', 'debug'] as const

test('every method of authentication has its canaries', () => {
  const types = authConfig.options.flatMap(({ shape }) => [...shape.type.values])
  assert.deepEqual(new Set(signedIn.map(({ type }) => type)), new Set(types))
})

suite('no output and no file holds a secret or a token', { concurrency: 1 }, () => {
  let manager: SecretManagerServer
  before(async () => (manager = await startSecretManager()))
  after(() => manager[Symbol.asyncDispose]())

  signedIn.forEach((method, at) => {
    const name = method.variant === undefined ? method.type : `${method.type} (${method.variant})`
    test(`with ${name}`, { timeout: 600_000 }, async () => {
      await using provider = await startEchoingProvider({
        digest: method.type === 'digest',
        refreshes: method.type === 'oauth2_refresh_token' || method.type === 'oauth2_authorization_code',
      })
      const leaks: string[] = []
      for (const [turn, behaviour] of behaviours.entries()) {
        if (!method.signsIn && behaviour.includes('sign-in')) continue
        using place = await createPlace({ method, provider, manager, turn: at + turn })
        leaks.push(...(await tryAll(place, { provider, behaviour, turn: at + turn })))
      }
      assert.deepEqual(leaks, [])
    })
  })
})

interface Place extends Disposable {
  readonly connector: string
  readonly to: readonly [database: string, files: string]
  readonly env: Readonly<Record<string, string>>
  /** What no output may hold, beside the provider's tokens. */
  readonly canaries: readonly string[]
  readonly sent: readonly string[]
  /** Every file of this place with its bytes, but those that secrets are kept in. */
  files(): readonly { readonly path: string; readonly bytes: Buffer }[]
}

interface PlaceOptions {
  readonly method: SignedIn
  readonly provider: EchoingProvider
  readonly manager: SecretManagerServer
  /** Chooses where the secrets are kept: the environment, files, Secret Manager. */
  readonly turn: number
}

async function createPlace({ method, provider, manager, turn }: PlaceOptions): Promise<Place> {
  const { TMPDIR: usualTemp } = process.env
  const dir = mkdtempSync(join(tmpdir(), 'headrace-canary-'))
  // What a command puts into the temporary folder is searched too.
  process.env['TMPDIR'] = join(dir, 'temp')
  mkdirSync(join(dir, 'temp'))
  const secrets = method.type === 'google' ? { ...method.secrets, file: googleKeyFile(provider.url) } : method.secrets
  const env: Record<string, string> = {
    GOOGLE_CLOUD_PROJECT: 'acme',
    HEADRACE_SECRET_MANAGER_ENDPOINT: manager.endpoint,
  }
  const stores = [
    (name: string, value: string) => {
      env[name.toUpperCase()] = value
      return `env:${name.toUpperCase()}`
    },
    (name: string, value: string) => {
      writeFileSync(join(dir, name), value, { mode: 0o600 })
      return `file:${name}`
    },
    (name: string, value: string) => {
      manager.add(`projects/acme/secrets/${turn}-${method.type}-${name}`, value)
      return `secret:${turn}-${method.type}-${name}`
    },
  ] as const
  const kept = await Promise.all(
    Object.entries(method.kept ?? {}).map(async ([name, make]) => [name, await make(secrets)] as const),
  )
  const refs = new Map<string, string>()
  Object.entries(secrets).forEach(([name, value], at) => refs.set(name, stores[(turn + at) % 3]?.(name, value) ?? ''))
  // A method can write to all of them but the environment.
  for (const [name, value] of kept) refs.set(name, stores[1 + (turn % 2)]?.(name, value) ?? '')
  const ref = (name: string) => refs.get(name) ?? ''
  const auth = `auth: ${JSON.stringify({ type: method.type, ...method.auth(provider.url, ref) })}`
  const connector = join(dir, 'api.yaml')
  const stream = ['paginator: { type: link_body, path: $.next }', ...(method.ofStream ? [auth] : [])]
  const tls = method.tls ? [`tls: ${JSON.stringify(method.tls(ref))}`] : []
  writeFileSync(connector, connectorText(provider.url, { more: [...tls, ...(method.ofStream ? [] : [auth])], stream }))
  mkdirSync(join(dir, 'out'))
  const hidden = Object.entries(secrets).filter(([name]) => !method.open?.includes(name))
  const shown = hidden.flatMap(([, value]) => partsOf(value))
  return {
    connector,
    env,
    to: [`duckdb:${join(dir, 'warehouse.duckdb')}`, `files:${join(dir, 'out')}`],
    canaries: shown,
    sent: Object.entries(secrets).flatMap(([name, value]) => (method.unsent?.includes(name) ? [] : [value])),
    files: () => readTree(dir, [...Object.keys(secrets), ...(method.encrypted ? [] : kept.map(([name]) => name))]),
    [Symbol.dispose]() {
      if (usualTemp === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = usualTemp
      rmSync(dir, { recursive: true })
    },
  }
}

/** Of a key in PEM also each line. */
function partsOf(secret: string): readonly string[] {
  if (secret.startsWith('{')) return partsOf((JSON.parse(secret) as { private_key: string }).private_key)
  if (!secret.includes('-----')) return [secret]
  return [secret, ...secret.split('\n').filter((line) => line.length > 40)]
}

interface Trial {
  readonly provider: EchoingProvider
  readonly behaviour: Behaviour
  readonly turn: number
}

/** Each command at the level that says most, and a run at another level in turn. Resolves with what got out, and where. */
async function tryAll(place: Place, { provider, behaviour, turn }: Trial): Promise<readonly string[]> {
  const leaks: string[] = []
  const before = provider.tokens.length
  const [database, files] = turn % 2 === 0 ? place.to : place.to.toReversed()
  const level = levels[turn % levels.length] ?? 'info'
  const trace = ['--log-level', 'trace']
  const commands: readonly (readonly string[])[] = [
    ['check', place.connector, ...trace],
    // It stops between two pages, so that the link to the next is kept.
    ['run', place.connector, '--to', database ?? '', '--limit', '10', '--json', ...trace],
    ['run', place.connector, '--to', database ?? '', '--log-level', level],
    ...(behaviour.includes('sign-in') ? [] : [['preview', place.connector, 'rows', ...trace]]),
    ['status', place.connector, '--to', database ?? '', '--json', ...trace],
    ...(behaviour === 'well'
      ? [
          ['run', place.connector, '--to', files ?? '', '--json', ...trace],
          ['run', place.connector, '--to', database ?? '', '--dry-run', ...trace],
          ['run', place.connector, '--to', database ?? '', '--dry-run', '--json'],
          ['status', place.connector, '--to', files ?? ''],
        ]
      : []),
  ]
  for (const args of commands) {
    // Of a token that an earlier command was given this one knows nothing, as little as another process would.
    provider.behave(behaviour, place.sent)
    const { output, code } = await runHere(args, place.env)
    const canaries = [...place.canaries, ...provider.tokens.slice(before)]
    const said = `headrace ${args.join(' ')}, whose provider ${behaviour}`
    for (const canary of canaries) {
      for (const found of findLeaks(canary, output)) leaks.push(`${said}: ${excerpt(output, found)}`)
      for (const { path, bytes } of place.files())
        for (const found of findLeaks(canary, bytes))
          leaks.push(`${said}: ${path}: ${excerpt(bytes.toString(), found)}`)
    }
    if (behaviour === 'well') assert.equal(code, 0, `${said}\n${output}`)
  }
  if (behaviour === 'well') assert.ok(provider.requests.length > 4, 'the rows were asked for')
  return leaks
}

function excerpt(text: string, found: string): string {
  const at = text.indexOf(found)
  return `...${text.slice(Math.max(0, at - 80), at + found.length + 40)}...`
}

/** Runs a command in this process; what it throws counts as output, down to the last cause. */
async function runHere(args: readonly string[], env: Readonly<Record<string, string>>) {
  let output = ''
  let code = 0
  const write = (text: string) => void (output += text)
  const terminal: Terminal = {
    width: 200,
    live: false,
    silent: args.includes('--json'),
    size: () => ({ columns: 200, rows: 50 }),
    print: write,
    note: write,
    style: (_, text) => text,
    noteStyle: (_, text) => text,
  }
  try {
    await createProgram({
      env,
      terminal,
      version: '0',
      authMethods: ['none', 'bearer'],
      exit: (found) => (code = found),
    }).parseAsync([...args], {
      from: 'user',
    })
  } catch (thrown) {
    code = 1
    write(inspect(thrown, { depth: 10 }))
  }
  return { output, code }
}
