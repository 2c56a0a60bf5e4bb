import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { suite, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { formatTable, wrap } from '../../src/cli/table.ts'
import { cut, widthOf } from '../../src/base/words/line.ts'
import { cliPath, connectorText, makeTempDir, plainEnv, runCli, servePages, startApi, untilEnd } from './support.ts'

const escape = '\u001b'
const hasScript = spawnSync('script', ['--version']).status === 0
if (!hasScript && process.env['HEADRACE_REQUIRE_ALL']) throw new Error('script (of bsdutils) is needed here')
const skip = hasScript ? false : 'SKIPPED: there is no script command (of bsdutils) to make a terminal with'

interface Window {
  readonly columns: number
  readonly cwd: string
  readonly env?: Record<string, string>
}

/** Runs `headrace ...` in a terminal of its own; what it shows, standard output and error in one. */
async function runInTerminal(args: readonly string[], { columns, cwd, env }: Window): Promise<string> {
  const command = `stty cols ${columns} rows 20; exec "${process.execPath}" "${cliPath}" ${args.join(' ')}`
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd, env: { ...plainEnv, TERM: 'xterm', ...env } })
  child.stdin.end()
  return (await untilEnd(child)).stdout
}

/** Two streams whose pages come slowly enough for a few frames. */
const startPacedApi = () => startApi((request, response) => setTimeout(() => servePages(8)(request, response), 60))

suite('on a terminal', { skip }, () => {
  test('a narrow window is never overrun: every live line is cut to its width', async () => {
    using dir = makeTempDir()
    await using api = await startPacedApi()
    const text = connectorText(api.url).replace('name: orders', 'name: a_stream_with_quite_a_long_name')
    const file = dir.write('acme.yaml', text)
    const shown = await runInTerminal(['run', file], { columns: 30, cwd: dir.path })
    const lines = shown.split('\n').map((line) => stripVTControlCharacters(line).replaceAll('\r', ''))
    const live = lines.filter((line) => /^a_stream_…  [\d,]+ rows?/.test(line))
    assert.ok(live.length > 1, shown)
    for (const line of live) assert.ok(widthOf(line) < 30, line)
    assert.ok(shown.includes(`${escape}[1A`))
    assert.match(stripVTControlCharacters(shown), /acme complete in/)
  })

  test('colours are shown unless NO_COLOR or --no-color says otherwise', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(1))
    const file = dir.write('acme.yaml', connectorText(api.url))
    const window = { columns: 80, cwd: dir.path }
    const green = `${escape}[32m`
    assert.ok((await runInTerminal(['run', file], window)).includes(green))
    assert.ok(!(await runInTerminal(['run', file, '--no-color'], window)).includes(green))
    assert.ok(!(await runInTerminal(['run', file], { ...window, env: { NO_COLOR: '1' } })).includes(green))
  })

  test('--quiet shows no progress', async () => {
    using dir = makeTempDir()
    await using api = await startPacedApi()
    const file = dir.write('acme.yaml', connectorText(api.url))
    const shown = await runInTerminal(['run', file, '--quiet'], { columns: 80, cwd: dir.path })
    assert.doesNotMatch(shown, /rows\/s/)
    assert.match(shown, /80 rows/)
  })
})

suite('elsewhere', () => {
  test('nothing that goes to a file or a pipe has an escape sequence', async () => {
    using dir = makeTempDir()
    await using api = await startPacedApi()
    const file = dir.write('acme.yaml', connectorText(api.url))
    const { stdout, stderr } = await runCli(['run', file, '--log-level', 'debug'], { cwd: dir.path })
    assert.ok(!(stdout + stderr).includes(escape))
    assert.ok(!(await runCli(['--help'])).stdout.includes(escape))
  })
})

suite('a table', () => {
  test('letters of two columns are counted as such', () => {
    const table = formatTable(
      [
        ['id', 'name', 'n'],
        ['1', '東京都', '5'],
        ['22', 'Größe 🎉', '-1.5'],
      ],
      { width: 80 },
    )
    assert.equal(table, 'id  name         n\n 1  東京都       5\n22  Größe 🎉  -1.5\n')
  })

  test('the widest columns give way where the window is narrow', () => {
    const lines = [
      ['stream', 'rows'],
      ['a_stream_with_quite_a_long_name', '12,400 rows'],
    ]
    assert.equal(formatTable(lines, { width: 28 }), 'stream           rows\na_stream_with_…  12,400 rows\n')
  })

  test('what an API sends cannot steer the terminal or break the line', () => {
    const table = formatTable([['a'], ['x\u001b[31my\r\nz\u009b2J']], { width: 80 })
    assert.doesNotMatch(table.replaceAll('\n', ''), /\p{Cc}/u)
    assert.equal(table.trimEnd().split('\n').length, 2)
  })

  test('a sentence is broken at its blanks, and loses no letter', () => {
    assert.deepEqual(wrap('the page looks full', 8), ['the page', 'looks', 'full'])
    assert.deepEqual(wrap('short', Infinity), ['short'])
    for (let width = 2; width < 12; width++) {
      for (const text of ['東京都 🎉 abc', 'an-unbroken-word-that-is-long and more', '']) {
        const lines = wrap(text, width)
        for (const line of lines) assert.ok(widthOf(line) <= width, `${width}: ${line}`)
        assert.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''))
      }
    }
  })

  test('a line is cut at the width, never inside a letter', () => {
    for (let width = 1; width < 12; width++) {
      for (const text of ['東京都 🎉 abc', 'a… b… c 👩‍👩‍👧‍👦 d e', 'plain and simple']) {
        const short = cut(text, width)
        assert.ok(widthOf(short) <= width, `${width}: ${short}`)
        assert.ok(short.isWellFormed())
      }
    }
    assert.equal(cut('short', 10), 'short')
  })
})
