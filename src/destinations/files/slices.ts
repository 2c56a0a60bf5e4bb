import type { SliceState } from '../slice-state.ts'
import type { Batch, TablePlan } from '../destination.ts'
import { type Commit, type Folder, readCommits } from './folder.ts'

/** What a commit says of slices: in its own line, so that it is there exactly if the commit is. */
export function sliceFields(
  { slices: keeps, staged }: TablePlan,
  { slices = [], forgetsSlices }: Batch,
): Pick<Commit, 'slices' | 'staged_slices' | 'forgets_slices'> {
  if (!keeps) return {}
  return {
    ...(forgetsSlices && { forgets_slices: true }),
    ...(slices.length > 0 && (staged ? { staged_slices: slices } : { slices })),
  }
}

/** How far each slice of a stream has got by the commit log; `without` these runs. */
export async function readSlices(
  folder: Folder,
  stream: string,
  {
    without = [],
    staged: wantsStaged = false,
  }: { readonly without?: readonly string[] | undefined; readonly staged?: boolean | undefined },
): Promise<readonly SliceState[]> {
  const commits = await readCommits(folder, stream)
  const retracted = new Set(commits.flatMap(({ retracts = [] }) => retracts))
  let found = new Map<string, SliceState>()
  let staged = new Map<string, SliceState>()
  for (const commit of commits) {
    if (commit.begins) staged = new Map()
    if (commit.forgets_slices) found = new Map()
    if (retracted.has(commit.seq) || without.includes(commit.run_id)) continue
    for (const state of commit.slices ?? []) found.set(state.slice, state)
    for (const state of commit.staged_slices ?? []) staged.set(state.slice, state)
    if (commit.replaces !== undefined) {
      found = staged
      staged = new Map()
    }
  }
  return [...(wantsStaged ? staged : found).values()].toSorted((a, b) => (a.slice < b.slice ? -1 : 1))
}
