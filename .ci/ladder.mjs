// Holds the ladder of folders: a file in src/ imports, types included, only from its own folder and from those above it.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** From the ground up; src/README.md says what each is for. */
const ladder = [
  'base',
  'syntax',
  'secrets',
  'schema',
  'decode',
  'http',
  'auth',
  'paginators',
  'destinations',
  'telemetry',
  'connector',
  'sync',
  'run',
  'status',
  'alerts',
  'connect',
  'inbound',
  'triggers',
  'deploy',
  'cli',
  // The entries: files of src/ itself.
  '.',
]

const folderOf = (file) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '.')
const imports = /\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g

const faults = globSync('**/*.ts', { cwd: 'src' }).flatMap((file) => {
  const folder = folderOf(file)
  if (!ladder.includes(folder))
    return [`src/${file}: the folder ${folder} has no place in the ladder of .ci/ladder.mjs`]
  return [...readFileSync(join('src', file), 'utf8').matchAll(imports)].flatMap(([, specifier]) => {
    const imported = normalize(join(dirname(file), specifier))
    // package.json, for the version.
    if (imported.startsWith('..')) return []
    const isBelow = ladder.indexOf(folderOf(imported)) > ladder.indexOf(folder)
    return isBelow ? [`src/${file} imports ${imported}: ${folder} stands above ${folderOf(imported)}`] : []
  })
})
if (faults.length > 0) {
  process.stderr.write(`${faults.join('\n')}\n`)
  process.exitCode = 1
}
