import { confirm } from '@clack/prompts'
import { applySteps, type Step, listManualSteps, planDeploy, planDestroy } from '../deploy/index.ts'
import { createRunCommand, formatCommand } from '../deploy/run-command.ts'
import { SyncError } from '../base/errors.ts'
import { type CommandContext, toJson } from './context.ts'
import { exitCodes } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

export interface DeployFlags {
  readonly project?: string
  readonly region?: string
  readonly service: string
  readonly location?: string
  readonly alertChannel?: string
  readonly pubsub?: true
  readonly staticIp?: true
  readonly env?: readonly string[]
  readonly plan?: true
  readonly destroy?: true
  readonly withData?: true
  readonly yes?: true
}

/** `headrace deploy`: brings the project to what the connectors ask for, or out again. */
export async function deployCommand(flags: DeployFlags, context: CommandContext): Promise<number> {
  const { env, terminal, globals } = context
  const dir = process.cwd()
  const run = createRunCommand(dir, env)
  const options = readOptions(flags, context)
  const { steps, upload } = flags.destroy
    ? await planDestroy(dir, { ...options, withData: flags.withData === true }, run)
    : await planDeploy(dir, options, run)
  if (globals.json) terminal.print(toJson({ steps: steps.map(toDocument), upload }))
  else terminal.print(`${describeUpload(upload)}${describePlan(steps, terminal, flags.plan === true)}`)
  if (flags.plan || steps.every(({ action }) => action === 'keep')) return exitCodes.complete
  if (!flags.yes && !(await agrees(terminal, steps))) return exitCodes.interrupted
  await applySteps(steps, run, ({ action, title }) => terminal.note(`${verbs[action]} ${title}\n`))
  if (flags.destroy) return exitCodes.complete
  for (const errand of await listManualSteps(dir, options, run)) terminal.note(`Left to you: ${errand}\n`)
  return exitCodes.complete
}

function readOptions(flags: DeployFlags, { env, globals }: CommandContext) {
  const project = flags.project ?? env['GOOGLE_CLOUD_PROJECT']
  if (!project) throw usage('No project is known: name it with --project, or set GOOGLE_CLOUD_PROJECT.')
  if (!flags.region) throw usage('No region is known: name it with --region, such as --region europe-west4.')
  if (!/^[a-z](?:[a-z0-9-]{0,20}[a-z0-9])?$/.test(flags.service))
    throw usage(
      `--service is ${JSON.stringify(flags.service)}: expected at most 22 lower-case letters, digits and -, beginning with a letter.`,
    )
  return {
    project,
    region: flags.region,
    service: flags.service,
    location: flags.location ?? flags.region,
    connectors: globals.connectors ?? (env['HEADRACE_CONNECTORS'] || 'connectors'),
    pubsub: flags.pubsub === true,
    staticIp: flags.staticIp === true,
    env: Object.fromEntries((flags.env ?? []).map(readVariable)),
    ...(flags.alertChannel !== undefined && { alertChannel: flags.alertChannel }),
  }
}

function readVariable(text: string): readonly [string, string] {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined || value.includes('@@'))
    throw usage(`--env is ${JSON.stringify(text)}: expected NAME=VALUE, without @@ in the value.`)
  return [name, value]
}

const symbols = { create: '+', change: '~', keep: '=', remove: '-' } as const
const colors = { create: 'green', change: 'yellow', keep: 'dim', remove: 'red' } as const
const verbs = { create: 'Creating', change: 'Changing', keep: 'Keeping', remove: 'Removing' } as const

/**
 * ```
 * + service account headrace-run
 * ~ service headrace: memory 256Mi, wanted 512Mi
 * = secret acme-client-id
 * 1 to create, 1 to change, 0 to remove, 1 as it should be
 * ```
 */
function describePlan(steps: readonly Step[], terminal: Terminal, withCommands: boolean): string {
  const lines = steps.flatMap(({ action, title, reasons, commands }) => [
    `${terminal.style(colors[action], symbols[action])} ${title}${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`,
    ...(withCommands ? commands.map((command) => terminal.style('dim', `    ${formatCommand(command)}`)) : []),
  ])
  const count = (action: Step['action']): number => steps.filter((step) => step.action === action).length
  const sum = `${count('create')} to create, ${count('change')} to change, ${count('remove')} to remove, ${count('keep')} as it should be`
  return `${[...lines, sum].join('\n')}\n`
}

/** Every file by its name, but for the sources, which are many. */
function describeUpload(upload: readonly string[]): string {
  if (upload.length === 0) return ''
  const sources = upload.filter((file) => file.startsWith('src/'))
  const rest = upload.filter((file) => !file.startsWith('src/'))
  return `Uploads ${rest.join(', ')} and ${sources.length} files of src/.\n`
}

const toDocument = ({ commands, ...step }: Step): object => ({ ...step, commands: commands.map(formatCommand) })

async function agrees(terminal: Terminal, steps: readonly Step[]): Promise<boolean> {
  if (!terminal.live || !process.stdin.isTTY)
    throw usage('Nobody is there to agree to this: look at it with --plan, then run it with --yes.')
  const removes = steps.some(({ action }) => action === 'remove')
  const answer = await confirm({
    message: removes ? 'Go ahead, and remove what is marked with -?' : 'Go ahead?',
    initialValue: !removes,
    output: process.stderr,
  })
  return answer === true
}

const usage = (message: string): SyncError => new SyncError('CONFIG_INVALID', message)
