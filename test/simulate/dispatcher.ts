import { Dispatcher } from 'undici'
import type { Answer } from './provider.ts'

/** Takes the place of the network: answers each request in this process, in the order in which they are sent. */
export class SimulatedNetwork extends Dispatcher {
  readonly #answer: (url: URL) => Promise<Answer>

  /** `answer` throws where the connection fails. */
  constructor(answer: (url: URL) => Promise<Answer>) {
    super()
    this.#answer = answer
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const controller = new Flow()
    handler.onRequestStart?.(controller, {})
    this.#answer(new URL(options.path, options.origin)).then(
      (answer) => deliver(answer, handler, controller),
      (error: unknown) => handler.onResponseError?.(controller, error as Error),
    )
    return true
  }

  override close(): Promise<void>
  override close(callback: () => void): void
  override close(callback?: () => void): Promise<void> | undefined {
    callback?.()
    return callback ? undefined : Promise.resolve()
  }
}

function deliver({ status, headers, body, cutAt }: Answer, handler: Dispatcher.DispatchHandler, flow: Flow): void {
  const reset = Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' })
  const fail = (): void => handler.onResponseError?.(flow, reset)
  if (flow.aborted) return
  if (status === 0) return fail()
  handler.onResponseStart?.(flow, status, { ...headers })
  const part = cutAt === undefined ? body : body.slice(0, cutAt)
  if (part !== '' && !flow.aborted) handler.onResponseData?.(flow, Buffer.from(part))
  flow.whenFlowing(() => (cutAt === undefined ? handler.onResponseEnd?.(flow, {}) : fail()))
}

/** What the reader of a response holds it back by. */
class Flow implements Dispatcher.DispatchController {
  aborted = false
  paused = false
  reason: Error | null = null
  #waiting: (() => void) | undefined

  abort(reason: Error): void {
    this.aborted = true
    this.reason = reason
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) this.whenFlowing(waiting)
  }

  /** Runs `task` as soon as nobody holds the response back. */
  whenFlowing(task: () => void): void {
    if (this.aborted) return
    if (this.paused) this.#waiting = task
    else task()
  }
}
