import type { ConnectOptions } from '../connect/authorization-code.ts'
import { type ConnectedAccount, type ConnectRun, connectConnector } from '../connect/connect.ts'
import { createLineReader } from '../connect/paste.ts'
import { SyncError } from '../base/errors.ts'
import { describeAccount, toDocument } from './connected.ts'
import { createConnectUi } from './connect-ui.ts'
import { type CommandContext, createCommandApp, toJson } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { listenForInterrupt } from './interrupt.ts'

export interface ConnectFlags {
  readonly device?: true
  readonly paste?: true
  readonly port?: number
  /** False by --no-browser. */
  readonly browser: boolean
}

/** `headrace connect`: asks a person for consent once, saves what it brings, and says what to do next. */
export async function connectCommand(name: string, flags: ConnectFlags, context: CommandContext): Promise<number> {
  const options = toOptions(flags)
  const { terminal, globals, env } = context
  const app = await createCommandApp(context)
  const redact = (text: string): string => app.redactor.redact(text)
  const connector = await app.loadConnector(name)
  using interrupt = listenForInterrupt(() => terminal.note('Leaving; press Ctrl-C again to leave at once.\n'))
  using lines = openLines()
  const ui = createConnectUi({ terminal, env, redact, readLine: lines.readLine, openBrowser: flags.browser })
  const { soft, hard } = interrupt.stop
  const accounts = await connectOrLeave({ options, ui, signal: soft, hardSignal: hard })
  const next = `headrace check ${name}`
  if (globals.json) terminal.print(toJson(toDocument(connector.name, accounts, next), redact))
  else terminal.print(redact(accounts.map((account) => describeAccount(account, connector.name, terminal)).join('')))
  if (!globals.json) terminal.print(`Next: ${next}\n`)
  return exitCodes.complete

  async function connectOrLeave(run: ConnectRun): Promise<readonly ConnectedAccount[]> {
    try {
      return await connectConnector(connector, app, run)
    } catch (thrown) {
      if (!soft.aborted) throw thrown
      throw new SyncError('INTERRUPTED', 'The sign-in was left before it was done; nothing was saved.', {
        cause: thrown,
      })
    }
  }
}

function toOptions({ device, paste, port }: ConnectFlags): ConnectOptions {
  if (device && paste)
    throw new SyncError('REQUEST_INVALID', '--device and --paste are two ways to consent: choose one.')
  if (device && port !== undefined)
    throw new SyncError(
      'REQUEST_INVALID',
      '--port is for a browser that comes back to this computer: leave it out beside --device.',
    )
  return { mode: device ? 'device' : paste ? 'paste' : 'browser', ...(port !== undefined && { port }) }
}

/** Standard input is touched only where something is pasted: else a background job would be stopped for reading it. */
function openLines(): ReturnType<typeof createLineReader> {
  let reader: ReturnType<typeof createLineReader> | undefined
  return {
    readLine(signal) {
      reader ??= createLineReader(process.stdin, process.stderr)
      return reader.readLine(signal)
    },
    [Symbol.dispose]: () => reader?.[Symbol.dispose](),
  }
}
