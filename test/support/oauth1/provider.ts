import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const hasPython = spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0
if (!hasPython && process.env['HEADRACE_REQUIRE_ALL']) throw new Error('python3 with venv is needed here')
/** Why tests of OAuth 1.0a against oauthlib are left out, or false. */
export const skipOAuth1 = hasPython ? false : 'SKIPPED: there is no python3 with venv to run oauthlib with'

export interface OAuth1Parties {
  /** By consumer key. A realm that is given is insisted on; `rsa_key` is the public one, as PEM. */
  readonly clients: Readonly<
    Record<string, { readonly secret?: string; readonly rsa_key?: string; readonly realm?: string }>
  >
  /** By access token. */
  readonly tokens?: Readonly<Record<string, { readonly client: string; readonly secret: string }>>
}

/** A request as it would arrive; header names as usual (`Authorization`). */
export interface SignedCall {
  readonly uri: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

export interface OAuth1Provider extends AsyncDisposable {
  /** With `/initiate`, `/authorize` (whoever comes consents; `?deny` refuses) and `/token` below it, and signed resources everywhere else. */
  readonly url: string
  /** Whether each of the requests has a good signature, as oauthlib sees it. */
  verify(calls: readonly SignedCall[]): Promise<readonly boolean[]>
}

/** oauthlib as an OAuth 1.0a provider, on a port of its own; it is installed on first use. */
export async function startOAuth1({ clients, tokens = {} }: OAuth1Parties): Promise<OAuth1Provider> {
  const child = spawn(join(import.meta.dirname, 'start.sh'), { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  child.stdin.write(`${JSON.stringify({ clients, tokens })}\n`)
  const port = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([line]) => Number(line)),
    closed.then(([code]) => Promise.reject(new Error(`the OAuth 1.0a provider ended with ${String(code)}`))),
  ])
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    async verify(calls) {
      const response = await fetch(`${url}/verify`, { method: 'POST', body: JSON.stringify(calls) })
      return (await response.json()) as boolean[]
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await closed
    },
  }
}
