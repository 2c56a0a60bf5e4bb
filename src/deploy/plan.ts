import type { Command, Commands, Resource } from './resource.ts'
import { readState, runOrThrow, type RunCommand } from './run-command.ts'

/** What becomes of one resource. */
export interface Step {
  readonly action: 'create' | 'change' | 'keep' | 'remove'
  readonly title: string
  /** Why it is changed, or kept against expectation. */
  readonly reasons: readonly string[]
  readonly commands: readonly Command[]
}

/** `gcloud` takes a second of CPU to start. */
const readsAtOnce = 4

/** Looks at every resource, and says what has to be done to have them all as wanted. Throws `DEPLOYMENT_FAILED`. */
export async function planDeployment(resources: readonly Resource[], run: RunCommand): Promise<readonly Step[]> {
  return mapAtOnce(resources, async (resource) => {
    const { title, differences, create, update } = resource
    const current = await readResource(resource, run)
    if (current === undefined) return { action: 'create', title, reasons: [], commands: create }
    const reasons = differences(current)
    if (reasons.length === 0) return { action: 'keep', title, reasons: [], commands: [] }
    return { action: 'change', title, reasons, commands: resolve(update ?? create, current) }
  })
}

/** What has to be done to be rid of everything; what holds data stays unless `withData`. */
export async function planRemoval(
  resources: readonly Resource[],
  run: RunCommand,
  withData: boolean,
): Promise<readonly Step[]> {
  const steps = await mapAtOnce(resources, async (resource) => {
    const { title, remove, holdsData } = resource
    const current = await readResource(resource, run)
    if (current === undefined) return undefined
    const commands = resolve(remove, current)
    if (commands.length === 0) return { action: 'keep', title, reasons: ['other things may use it'], commands } as const
    if (holdsData && !withData) return { action: 'keep', title, reasons: ['holds data'], commands: [] } as const
    return { action: 'remove', title, reasons: [], commands } as const
  })
  return steps.filter((step) => step !== undefined).toReversed()
}

async function readResource({ read, isMissing }: Resource, run: RunCommand): Promise<unknown> {
  const current = await readState(run, read)
  return current === undefined || isMissing?.(current) ? undefined : current
}

const resolve = (commands: Commands, current: unknown): readonly Command[] =>
  typeof commands === 'function' ? commands(current) : commands

/** Does what was planned, step by step, and tells of each before it begins. Throws `DEPLOYMENT_FAILED`. */
export async function applySteps(steps: readonly Step[], run: RunCommand, tell: (step: Step) => void): Promise<void> {
  for (const step of steps) {
    if (step.action === 'keep') continue
    tell(step)
    for (const command of step.commands) await runOrThrow(run, command)
  }
}

/** The results in the order of `items`. */
async function mapAtOnce<Item, Result>(
  items: readonly Item[],
  task: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const queue = items.entries()
  const work = async (): Promise<void> => {
    for (const [at, item] of queue) results[at] = await task(item)
  }
  await Promise.all(Array.from({ length: readsAtOnce }, work))
  return results
}
