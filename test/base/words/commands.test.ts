import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { makeTempDir, startApi } from '../../cli/support.ts'
import { runCli } from '../../support/cli-process.ts'
import { hostileWords, isHarmless } from './hostile.ts'

const words = Object.entries(hostileWords).map(([, text]) => text)
const long = 'n'.repeat(250)

/** A provider whose field names, values, cursors, error words and headers are hostile. */
const startProvider = () =>
  startApi((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const send = (status: number, body: unknown, type = 'application/json'): void =>
      void response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body))
    if (pathname === '/refused') return send(403, { error: { message: words.join('\n') } })
    if (pathname === '/charset') return send(200, [], 'application/json; charset=x\u009b2J\u009dy')
    if (pathname === '/encoding') {
      response.setHeader('content-encoding', 'x\u009b2J')
      return send(200, [])
    }
    if (pathname === '/frozen')
      return send(200, { data: [{ id: 1, ...(frozen ? { [`x\u001b[2J\nFORGED ${long}`]: 1 } : {}) }] })
    if (pathname === '/lists') return send(200, { [`a\u001b[2J\nFORGED`]: { x: [{ id: 1 }] }, b: { y: [{ id: 2 }] } })
    send(200, {
      data: words.map((text, id) => ({
        id,
        text,
        [text.toWellFormed().slice(0, 250)]: text,
        at: `${id}${text.slice(0, 50)}`,
      })),
    })
  })

let frozen = false

const connector = (url: string, dir: string): string => `name: acme
base_url: ${url}
destination: duckdb:${join(dir, 'a.duckdb')}
retry: { attempts: 1 }
streams:
  - { name: good, path: /good, rows: "$.data[*]", primary_key: [id], paginator: { type: none }, incremental: { cursor: at, format: text }, max_rejects: 100 }
  - { name: refused, path: /refused, write: append }
  - { name: charset, path: /charset, write: append }
  - { name: encoding, path: /encoding, write: append }
  - { name: lists, path: /lists, write: append }
  - { name: frozen, path: /frozen, rows: "$.data[*]", primary_key: [id], schema: freeze, paginator: { type: none } }
`

suite('what a hostile provider says', () => {
  test('reaches nobody who runs a command, reads its JSON or opens the page', async () => {
    using dir = makeTempDir()
    await using api = await startProvider()
    const file = dir.write('acme.yaml', connector(api.url, dir.path))
    const page = join(dir.path, 'page.html')
    const run = async (...args: readonly string[]): Promise<string> => {
      const { stdout, stderr } = await runCli(args, {
        cwd: dir.path,
        env: { HEADRACE_LOG_LEVEL: 'trace', FORCE_COLOR: '1' },
      })
      const text = `${stdout}\n${stderr}`
      isHarmless(stripVTControlCharacters(text), args.join(' '))
      assert.doesNotMatch(text.replaceAll(/\p{Cc}\[\d{1,2}m|\n/gu, ''), /\p{Cc}/u, args.join(' '))
      return text
    }
    frozen = false
    assert.match(await run('run', file), /API_REFUSED/)
    frozen = true
    assert.match(await run('run', file, '--json'), /SCHEMA_FROZEN/)
    await run('check', file)
    await run('check', file, '--json')
    await run('preview', file, 'good')
    await run('status', '--connectors', dir.path, '--html', page)
    await run('status', '--connectors', dir.path, '--json')
    await run('state', 'show', file, 'good')
    const html = await readFile(page, 'utf8')
    assert.doesNotMatch(html, /<script>alert|<img src=x/)
    isHarmless(html, 'the page')
  })
})
