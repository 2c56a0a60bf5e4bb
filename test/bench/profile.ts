import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
      readonly columnNumber: number
    }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** The Node arguments that leave a profile in `dir`. */
export function profileArgs(dir: string): readonly string[] {
  mkdirSync(dir, { recursive: true })
  return ['--cpu-prof', '--cpu-prof-dir', dir]
}

/** The functions in which most time was spent (their own, without what they called): milliseconds and share, and the files they were read from. */
export function topFunctions(dir: string, count: number): { readonly files: string[]; readonly rows: string[][] } {
  const files = readdirSync(dir)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => join(dir, name))
  const self = new Map<string, number>()
  let total = 0
  for (const file of files) {
    const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile
    const names = new Map(nodes.map(({ id, callFrame }) => [id, describe(callFrame)]))
    samples.forEach((id, at) => {
      const name = names.get(id) ?? '?'
      const spent = timeDeltas[at] ?? 0
      if (name === '(idle)' || name === '(program)') return
      self.set(name, (self.get(name) ?? 0) + spent)
      total += spent
    })
  }
  const top = [...self].toSorted(([, a], [, b]) => b - a).slice(0, count)
  return {
    files,
    rows: top.map(([name, spent]) => [name, (spent / 1000).toFixed(0), `${((100 * spent) / total).toFixed(1)}%`]),
  }
}

function describe({ functionName, url, lineNumber, columnNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const source = findMap(url)?.findEntry(lineNumber, columnNumber) as Original | undefined
  const name = source?.name ?? (functionName || '(anonymous)')
  if (!url) return name
  if (source?.originalSource !== undefined)
    return `${name}  ${source.originalSource.replace(/^.*\/src\//, 'src/')}:${(source.originalLine ?? 0) + 1}`
  return `${name}  ${url.replace(/^.*\/(node_modules|src|dist)\//, '$1/')}:${lineNumber + 1}`
}

/** What an entry of a source map says, where there is one. */
interface Original {
  readonly name?: string
  readonly originalSource?: string
  readonly originalLine?: number
}

const maps = new Map<string, SourceMap | undefined>()

/** What a built chunk was made of; undefined for other scripts. */
function findMap(url: string): SourceMap | undefined {
  if (!maps.has(url)) {
    const path = url.startsWith('file:') ? `${fileURLToPath(url)}.map` : ''
    const isThere = url.includes('/dist/') && existsSync(path)
    maps.set(url, isThere ? new SourceMap(JSON.parse(readFileSync(path, 'utf8')) as SourceMapPayload) : undefined)
  }
  return maps.get(url)
}
