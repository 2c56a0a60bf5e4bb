import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const cliPath = join(import.meta.dirname, '../../src/cli.ts')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Before the script's own path. */
  readonly nodeArgs?: readonly string[]
}

/** Only what a user's shell is sure to have: the variables of whoever runs the tests change nothing. */
export const plainEnv = { PATH: process.env['PATH'] ?? '', HOME: tmpdir() }

export function startCli(args: readonly string[], options: CliOptions = {}): ChildProcess {
  return spawn(process.execPath, [...(options.nodeArgs ?? []), cliPath, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { ...plainEnv, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Collects what a child writes until it ends. */
export async function untilEnd(child: ChildProcess): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, stdout, stderr }
}

/** Runs `headrace ...` to its end, as a real process. */
export const runCli = (args: readonly string[], options?: CliOptions): Promise<Ended> =>
  untilEnd(startCli(args, options))

export interface TempDir extends Disposable {
  readonly path: string
  write(name: string, text: string): string
}

export function makeTempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), 'headrace-cli-'))
  return {
    path,
    write(name, text) {
      const file = join(path, name)
      writeFileSync(file, text)
      return file
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

export interface Api extends AsyncDisposable {
  readonly url: string
  /** `GET /orders?page=1`, in the order in which they came. */
  readonly requests: readonly string[]
}

/** An API on loopback. */
export async function startApi(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Api> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Pages of ten rows by `page`; `/orders` has `pages` of them, anything else answers 500. */
export function servePages(pages: number) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (url.pathname !== '/orders') return sendJson(response, 500, { error: 'out of order' })
    const page = Number(url.searchParams.get('page') ?? 1)
    sendJson(response, 200, { data: page > pages ? [] : pageOf(page) })
  }
}

export const pageOf = (page: number): object[] =>
  Array.from({ length: 10 }, (_, at) => ({ id: (page - 1) * 10 + at + 1, name: `order ${at}`, total: at / 4 }))

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** A connector file for such an API; `rest` are further lines. */
export const connectorText = (url: string, rest = ''): string => `name: acme
base_url: ${url}
retry: { attempts: 1 }
${rest}streams:
  - name: orders
    path: /orders
    paginator: { type: page_number }
    rows: $.data[*]
    primary_key: [id]
`
