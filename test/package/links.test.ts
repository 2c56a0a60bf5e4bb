import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const pages = globSync(['*.md', '{src,test,deploy,.github,.ci}/**/*.md'], { cwd: root })

/** Without code: what looks like a link there is none. */
const prose = (text: string): string =>
  text.replaceAll(/^```.*?^```/gms, '').replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]]/g, ' '))

/** The anchors that GitHub gives to the headings of a page; a heading that comes again gets a number. */
function anchorsOf(page: string): ReadonlySet<string> {
  const seen = new Map<string, number>()
  const text = readFileSync(page, 'utf8').replaceAll(/^```.*?^```/gms, '')
  return new Set(
    [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
      const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
      const anchor = plain
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-')
      const before = seen.get(anchor) ?? 0
      seen.set(anchor, before + 1)
      return before === 0 ? anchor : `${anchor}-${before}`
    }),
  )
}

function findFault(page: string, link: string): string | undefined {
  const [path = '', anchor] = decodeURI(link).split('#')
  const target = path === '' ? join(root, page) : join(root, dirname(page), path)
  if (!existsSync(target)) return `${page}: ${link} leads nowhere`
  if (anchor === undefined || statSync(target).isDirectory() || !target.endsWith('.md')) return undefined
  return anchorsOf(target).has(anchor) ? undefined : `${page}: ${link} names no heading`
}

test('every relative link of every page leads to a file, folder or heading that is there', () => {
  const links = pages.flatMap((page) =>
    [...prose(readFileSync(join(root, page), 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => ({
      page,
      link,
    })),
  )
  const relative = links.filter(({ link }) => !/^[a-z]+:/i.test(link))
  assert.ok(relative.length > 50, `${relative.length} links in ${pages.length} pages`)
  const faults = relative.flatMap(({ page, link }) => findFault(page, link) ?? [])
  assert.deepEqual(faults, [])
})
