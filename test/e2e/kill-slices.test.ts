import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SlicedProvider, slicedRows, startSlicedProvider } from '../support/sliced-provider.ts'
import { chooseSeed, createRandom } from '../support/seeded-random.ts'
import { createWorkspace, type Workspace } from '../support/workspace.ts'

// Five parents of four pages of 4 MB each commit some five times. The listing is killed at random and run again until it
// is done; then slices grow and come, and it is killed again.

/** In each mode. */
const kills = Number(process.env['HEADRACE_TEST_SLICE_KILLS'] ?? 6)
const pageSize = 250
const pad = 'pad '.repeat(4_000)

for (const write of ['append', 'merge'] as const) {
  test(
    `kill -9 at ${kills} random moments of a listing by slices loses and doubles no row in ${write}`,
    { timeout: 900_000 },
    async (context) => {
      const seed = chooseSeed()
      context.diagnostic(`HEADRACE_TEST_SEED=${seed}`)
      const random = createRandom(seed)
      await using provider = await startSlicedProvider(pageSize)
      let killed = 0
      while (killed < kills) {
        using space = createWorkspace()
        space.writeConnector(connectorOf(provider, write))
        for (const [parents, rows] of [
          [4, 900],
          [5, 1_300],
        ] as const) {
          setRows(provider, parents, rows)
          for (let done = false; !done;) {
            const { signal, code, stderr } = await runOnce(provider, space, killed < kills ? random : undefined)
            if (signal === 'SIGKILL') killed++
            else assert.equal(code, 0, stderr)
            done = code === 0
          }
          await checkRows(provider, space)
        }
      }
    },
  )
}

const connectorOf = ({ url }: SlicedProvider, write: 'append' | 'merge'): string => `name: api
base_url: ${url}
streams:
  - name: parents
    path: /parents
    rows: $.data[*]
    paginator: { type: page_number }
    selected: false
  - name: rows
    path: /rows/{{ parent.p }}
    params: { since: "{{ cursor }}" }
    parent: { stream: parents, include: { p: id } }
    rows: $.data[*]
    paginator: { type: page_number }
    incremental: { cursor: at }
    write: ${write}
${write === 'merge' ? '    primary_key: [id]\n' : ''}`

/** Each slice ends elsewhere. */
function setRows(provider: SlicedProvider, parents: number, rows: number): void {
  const names = Array.from({ length: parents }, (_, at) => `p${at}`)
  provider.parents = names.map((id) => ({ id }))
  provider.rows.clear()
  for (const [at, name] of names.entries())
    provider.rows.set(
      name,
      slicedRows(name, 0, rows - at * 70).map((row) => ({ ...row, pad })),
    )
}

/** Kills the run some time after its n-th request, where `random` is given. */
async function runOnce(provider: SlicedProvider, space: Workspace, random: (() => number) | undefined) {
  const child = space.start()
  const timers: NodeJS.Timeout[] = []
  let left = random ? 1 + Math.floor(random() * 20) : Infinity
  const after = (random?.() ?? 0) * 120
  provider.fault = () => {
    if (--left === 0) timers.push(setTimeout(() => child.kill('SIGKILL'), after))
    return false
  }
  const result = await child.result
  for (const timer of timers) clearTimeout(timer)
  return result
}

async function checkRows({ rows }: SlicedProvider, space: Workspace): Promise<void> {
  const expected = [...rows.values()].flatMap((of) => of.map(({ id }) => id)).toSorted()
  const found = await space.query('SELECT id FROM api.rows ORDER BY id')
  assert.deepEqual(
    found.map(({ id }) => String(id)),
    expected,
  )
}
