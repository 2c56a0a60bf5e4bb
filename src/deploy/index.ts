import { join, relative } from 'node:path'
import { type Deployment, type DeployOptions, listResources } from './deployment.ts'
import { readNeeds } from './needs.ts'
import { projectFlag } from './names.ts'
import { planDeployment, planRemoval, type Step } from './plan.ts'
import { gcloud, pick } from './resource.ts'
import { readVersions } from './resources/secrets.ts'
import { staleSchedules } from './resources/schedules.ts'
import { readState, runOrThrow, type RunCommand } from './run-command.ts'
import { hashSource, listSource } from './source.ts'

export { applySteps, type Step } from './plan.ts'

export interface Plan {
  readonly steps: readonly Step[]
  /** The files that are uploaded, relative to the clone. */
  readonly upload: readonly string[]
}

/** Reads the connectors and the project, and says what has to be done. Throws `CONFIG_INVALID`, `DEPLOYMENT_FAILED`. */
export async function planDeploy(dir: string, options: DeployOptions, run: RunCommand): Promise<Plan> {
  const deployment = await readDeployment(dir, options, run)
  const steps = await planDeployment(listResources(deployment), run)
  return { steps: [...steps, ...(await planStale(deployment, run))], upload: deployment.upload }
}

/** What has to be done to be rid of all of it. */
export async function planDestroy(
  dir: string,
  options: DeployOptions & { readonly withData: boolean },
  run: RunCommand,
): Promise<Plan> {
  // Whatever the flags were when it was deployed: what is not there is not removed.
  const everything = { ...options, pubsub: true, staticIp: true, alertChannel: options.alertChannel ?? '' }
  const deployment = await readDeployment(dir, everything, run)
  return { steps: await planRemoval(listResources(deployment), run, options.withData), upload: [] }
}

/** What only a person can do: values that a secret still lacks. */
export async function listManualSteps(
  dir: string,
  options: DeployOptions,
  run: RunCommand,
): Promise<readonly string[]> {
  const { secrets } = await readNeeds(join(dir, options.connectors))
  const errands: string[] = []
  for (const { name, written } of secrets) {
    const versions = await readState(run, readVersions(options, name))
    if (pick(versions, 0) !== undefined) continue
    const add = `printf %s "$VALUE" | gcloud secrets versions add ${name} ${projectFlag(options)} --data-file=-`
    errands.push(written ? `${name} has no tokens yet: headrace connect CONNECTOR` : `${name} has no value yet: ${add}`)
  }
  return errands
}

async function readDeployment(dir: string, options: DeployOptions, run: RunCommand): Promise<Deployment> {
  const needs = await readNeeds(join(dir, options.connectors))
  const folder = relative('.', options.connectors)
  const connectors = needs.files.map((file) => join(folder, file))
  const upload = await listSource(dir, connectors, run)
  const state = JSON.parse(await runOrThrow(run, gcloud('projects', 'describe', options.project, '--format=json'))) as {
    projectNumber?: string
  }
  const sourceHash = await hashSource(dir, upload)
  return { ...options, needs, projectNumber: String(state.projectNumber), upload, sourceHash }
}

async function planStale(deployment: Deployment, run: RunCommand): Promise<readonly Step[]> {
  const list = gcloud(
    'scheduler',
    'jobs',
    'list',
    `--location=${deployment.region}`,
    projectFlag(deployment),
    '--format=json',
  )
  const stale = staleSchedules(deployment, (await readState(run, list)) ?? [])
  return stale.map(({ name, remove }) => ({
    action: 'remove',
    title: `schedule ${name}`,
    reasons: ['no connector has it any more'],
    commands: [gcloud(...remove)],
  }))
}
