// Writes a release into the changelog. `npm version` runs it without arguments: what stands under "Unreleased" becomes the
// section of the new version, in the commit that is tagged. `--notes TAG` prints the section of a tag.
import { readFileSync, writeFileSync } from 'node:fs'

const path = '.github/CHANGELOG.md'
const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
/** The head of the page, then each section with its heading. */
const [head, ...sections] = readFileSync(path, 'utf8').split(/^(?=## )/m)

const find = (name) => sections.find((section) => new RegExp(`^## ${RegExp.escape(name)}(?: - .*)?\n`).test(section))
const bodyOf = (section) => section.replace(/^## .*\n/, '').trim()

function release() {
  const unreleased = find('Unreleased')
  if (unreleased === undefined) throw new Error(`${path} has no section "Unreleased"; add it above the others.`)
  if (bodyOf(unreleased) === '') throw new Error(`${path} has nothing under "Unreleased"; write what has changed.`)
  if (find(version)) throw new Error(`${path} has a section ${version} already; choose another version.`)
  const today = new Date().toISOString().slice(0, 10)
  const moved = `## Unreleased\n\n## ${version} - ${today}\n\n${bodyOf(unreleased)}\n\n`
  const all = sections.map((section) => (section === unreleased ? moved : section)).join('')
  writeFileSync(path, `${head}${all.trimEnd()}\n`)
}

function printNotes(tag) {
  if (tag !== `v${version}`)
    throw new Error(`The tag ${tag} does not name the version of package.json, ${version}; make tags with npm version.`)
  const section = find(version)
  if (section === undefined) throw new Error(`${path} has no section ${version}; make releases with npm version.`)
  process.stdout.write(`${bodyOf(section)}\n`)
}

const [mode, tag] = process.argv.slice(2)
try {
  if (mode === '--notes') printNotes(tag)
  else release()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
