import { Command, Option } from 'commander'
import type { Env } from '../run/app.ts'
import { exitCodes } from './exit-code.ts'
import { parseChoice, parseCount, parsePort, parseSeconds } from './arguments.ts'
import type { ConnectFlags } from './connect.ts'
import type { CommandContext, GlobalOptions } from './context.ts'
import type { DeployFlags } from './deploy.ts'
import { examples } from './help.ts'
import type { InitOptions } from './init.ts'
import type { RunOptions } from './run.ts'
import type { StateOptions } from './state.ts'
import type { Terminal } from './terminal.ts'

export interface ProgramOptions {
  readonly env: Env
  readonly terminal: Terminal
  readonly version: string
  /** What `init --auth` takes; of no use to the other commands, which need not load it. */
  readonly authMethods: readonly string[]
  /** Told the exit code of the command. */
  readonly exit: (code: number) => void
}

const connectorArgument = ['<connector>', 'a connector file, or the name of one'] as const
const levels = ['error', 'warn', 'info', 'debug', 'trace'] as const

/** The command line. Each command loads its own code when it is called, so that `--help` is quick. */
export function createProgram({ env, terminal, version, authMethods, exit }: ProgramOptions): Command {
  const program = new Command('headrace')
    .description('Rows from an API into a warehouse, each exactly once.')
    .version(version, '-V, --version', 'print the version')
    .option('--connectors <dir>', 'where connectors are looked up by name (default: HEADRACE_CONNECTORS, connectors/)')
    .option('--json', 'print one JSON document and nothing else')
    .option('--quiet', 'no progress')
    .addOption(new Option('--log-level <level>', levels.join(', ')).argParser(parseChoice(levels)))
    .option('--no-color', 'no colours (NO_COLOR does the same)')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .addHelpText('after', examples.headrace)
    .configureHelp({
      showGlobalOptions: true,
      styleTitle: (title) => terminal.style('bold', title),
    })
    .configureOutput({
      writeOut: terminal.print,
      writeErr: terminal.note,
      // The one who catches the error says it.
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(Math.max(terminal.width, 40), 110),
      getOutHasColors: () => true,
    })
    .exitOverride()
  const context = (): CommandContext => ({ env, terminal, globals: program.opts<GlobalOptions>() })

  program
    .command('run')
    .summary('read the streams of a connector into a destination')
    .description(
      'Reads the streams of a connector, all or those named, into a destination, from where the last run ended.',
    )
    .argument(...connectorArgument)
    .argument('[streams...]', 'only these streams')
    .option('--to <destination>', 'where the rows go')
    .option('--full-refresh', 'read everything anew; the table is replaced when that is complete')
    .option('--from <cursor>', 'backfill beside the cursor: from here (inclusive)')
    .option('--until <cursor>', 'backfill: up to here (exclusive)')
    .addOption(new Option('--limit <rows>', 'stop each stream at so many rows').argParser(parseCount))
    .addOption(new Option('--budget <seconds>', 'commit and stop after this time').argParser(parseSeconds))
    .option('--dry-run', 'print the first request of each stream; send nothing')
    .option('--price', 'with --dry-run: ask the warehouse what a commit of each stream would cost')
    .addHelpText('after', examples.run)
    .action(async (connector: string, streams: string[], options: RunOptions) => {
      const { runCommand } = await import('./run.ts')
      exit(await runCommand({ connector, streams }, options, context()))
    })

  program
    .command('check')
    .summary('sign in, read a page of each stream, propose what is missing')
    .description(
      'Loads a connector, signs in, reads one page of each stream and proposes what is missing. Writes nothing.',
    )
    .argument(...connectorArgument)
    .argument('[streams...]', 'only these streams')
    .addHelpText('after', examples.check)
    .action(async (connector: string, streams: string[]) => {
      const { checkCommand } = await import('./check.ts')
      exit(await checkCommand({ connector, streams }, context()))
    })

  program
    .command('preview')
    .summary('show the first rows of a stream, and the columns they would get')
    .description('Shows the first rows of a stream as a table, and the columns they would get. Writes nothing.')
    .argument(...connectorArgument)
    .argument('<stream>', 'the stream')
    .addOption(new Option('--limit <rows>', 'rows to show').default(10).argParser(parseCount))
    .addHelpText('after', examples.preview)
    .action(async (connector: string, stream: string, options: { limit: number }) => {
      const { previewCommand } = await import('./preview.ts')
      exit(await previewCommand({ connector, stream }, options, context()))
    })

  program
    .command('connect')
    .summary('sign in once, in a browser, for a connector that needs consent')
    .description(
      'Asks you once for consent to a connector, in a browser, and saves the tokens where its auth says. From then on it renews them by itself.',
    )
    .argument(...connectorArgument)
    .option('--device', 'enter a code on any device instead (where the provider has a device endpoint)')
    .option('--paste', 'paste the address that the browser ends on, for a browser on another computer')
    .addOption(
      new Option('--port <port>', 'where the browser comes back to, as registered with the provider').argParser(
        parsePort,
      ),
    )
    .option('--no-browser', 'print the address and open nothing')
    .addHelpText('after', examples.connect)
    .action(async (connector: string, flags: ConnectFlags) => {
      const { connectCommand } = await import('./connect.ts')
      exit(await connectCommand(connector, flags, context()))
    })

  program
    .command('status')
    .summary('show recent runs, and where each stream stands')
    .description('Shows the recent runs of a connector, or of all, and where each stream stands.')
    .argument('[connector]', connectorArgument[1])
    .option('--to <destination>', 'where the rows went')
    .addOption(new Option('--limit <runs>', 'runs to show of each connector').default(10).argParser(parseCount))
    .option('--html <file>', 'write the status page into a file that stands alone')
    .addHelpText('after', examples.status)
    .action(async (connector: string | undefined, options: { to?: string; limit: number; html?: string }) => {
      const { statusCommand } = await import('./status.ts')
      exit(await statusCommand(connector, options, context()))
    })

  const state = program
    .command('state')
    .summary('show or change where a stream goes on')
    .description('Shows where the streams of a connector stand and what that belongs to; sets or forgets a cursor.')
    .addHelpText('after', examples.state)
  const slice = ['--slice <slice>', 'one slice of a stream that has a cursor for each'] as const
  const by = ['--by <name>', 'who is recorded (default: user@host)'] as const
  state
    .command('show')
    .description('Shows where each stream stands. Writes nothing.')
    .argument(...connectorArgument)
    .argument('[stream]', 'only this stream, with its slices')
    .option('--to <destination>', 'where the rows went')
    .action(async (connector: string, stream: string | undefined, options: StateOptions) => {
      const { showState } = await import('./state.ts')
      exit(await showState({ connector, stream }, options, context()))
    })
  state
    .command('set')
    .description('Makes the next run of a stream go on at a cursor, with the connector file as it is then.')
    .argument(...connectorArgument)
    .argument('<stream>', 'the stream')
    .argument('<cursor>', 'as the source spells it')
    .option('--to <destination>', 'where the rows went')
    .option(...slice)
    .option(...by)
    .action(async (connector: string, stream: string, cursor: string, options: StateOptions) => {
      const { changeState } = await import('./state.ts')
      exit(await changeState({ connector, stream, cursor }, options, context()))
    })
  state
    .command('reset')
    .description('Makes the next run read a stream from its beginning; in append it replaces the table by that.')
    .argument(...connectorArgument)
    .argument('<stream>', 'the stream')
    .option('--to <destination>', 'where the rows went')
    .option(...slice)
    .option(...by)
    .action(async (connector: string, stream: string, options: StateOptions) => {
      const { changeState } = await import('./state.ts')
      exit(await changeState({ connector, stream, cursor: null }, options, context()))
    })

  program
    .command('schema')
    .summary('print the JSON Schema of connector files')
    .description('Prints the JSON Schema of connector files, with which an editor completes and checks them.')
    .addHelpText('after', examples.schema)
    .action(async () => {
      const { connectorJsonSchema } = await import('../connector/json-schema.ts')
      const { toJson } = await import('./context.ts')
      terminal.print(toJson(connectorJsonSchema()))
      exit(exitCodes.complete)
    })

  program
    .command('init')
    .summary('write a commented connector file')
    .description('Writes a commented connector file to start from. Asks for what no flag says, never overwrites.')
    .argument('<name>', 'lower-case letters, digits, _ and -')
    .option('--base-url <url>', 'what the paths of the streams stand below')
    .addOption(new Option('--auth <method>', authMethods.join(', ')).argParser(parseChoice(authMethods)))
    .option(
      '--provider <name>',
      'of oauth2_authorization_code: github, google, microsoft and others, whose URLs are known',
    )
    .option('--authorize-url <url>', 'of oauth2_authorization_code: where the browser is sent for consent')
    .option('--token-url <url>', 'where tokens come from')
    .option('--stream <name>', 'the first stream (default: items)')
    .option('--path <path>', 'its path (default: / and its name)')
    .option('--rows <jsonpath>', 'the path of the rows in a response')
    .option('--primary-key <fields>', 'what identifies a row, comma between')
    .option('--cursor <field>', 'what tells when a row changed')
    .option('--cursor-param <name>', 'the query parameter that takes the cursor')
    .addHelpText('after', examples.init)
    .action(async (name: string, options: InitOptions) => {
      const { initCommand } = await import('./init.ts')
      exit(await initCommand(name, options, context()))
    })

  program
    .command('serve')
    .summary('the function on a local port')
    .description(
      'Answers on 127.0.0.1 as the function does in the cloud: the status page at GET /, POST /run/NAME, POST /, GET /status.json, GET /healthz.',
    )
    .option('--port <port>', 'the port (default: PORT, 8080)')
    .addHelpText('after', examples.serve)
    .action(async (options: { port?: string }) => {
      const { serveCommand } = await import('./serve.ts')
      exit(await serveCommand(options, context()))
    })

  program
    .command('deploy')
    .summary('the function, its schedules and rights in a Google Cloud project')
    .description(
      'Compares a Google Cloud project with what the connectors ask for (accounts, secrets, datasets, queue, service, schedules), says what differs and brings it about. Runs in a clone of headrace, by the gcloud and bq of this machine; running it again changes only what differs.',
    )
    .option('--project <id>', 'the project (default: GOOGLE_CLOUD_PROJECT)')
    .option('--region <region>', 'of the service, its queue and its schedules')
    .option('--location <location>', 'of the datasets: EU, US or a region (default: the region)')
    .option('--service <name>', 'of the service, and the beginning of all other names', 'headrace')
    .option('--static-ip', 'providers see one address that stays the same; --plan shows what it costs')
    .option('--pubsub', 'a Pub/Sub topic that starts runs too, with dead letters')
    .option('--alert-channel <name>', 'notification channel that is told of failed runs')
    .option(
      '--env <name=value>',
      'a variable of the service (may be repeated)',
      (text: string, before: string[] | undefined) => [...(before ?? []), text],
    )
    .option('--plan', 'say what would be done, with the commands; change nothing')
    .option('--yes', 'do not ask')
    .option('--destroy', 'remove all of it again, but what holds data')
    .option('--with-data', 'with --destroy: datasets and secrets too')
    .addHelpText('after', examples.deploy)
    .action(async (options: DeployFlags) => {
      const { deployCommand } = await import('./deploy.ts')
      exit(await deployCommand(options, context()))
    })

  return program
}
