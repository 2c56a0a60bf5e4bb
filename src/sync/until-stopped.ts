/**
 * Passes on what `source` yields until `stop` aborts: then it ends at once, without waiting for what is under way, which
 * `abandon` cuts off.
 */
export async function* untilStopped<T>(
  source: AsyncGenerator<T, void, undefined>,
  stop: AbortSignal,
  abandon: () => void,
): AsyncGenerator<T, void, undefined> {
  let wake: () => void = () => undefined
  const onAbort = (): void => wake()
  stop.addEventListener('abort', onAbort)
  try {
    while (!stop.aborted) {
      // A promise of its own each time: one that lives as long as the run would hold on to every page it raced with.
      const stopped = new Promise<undefined>((resolve) => {
        wake = () => resolve(undefined)
      })
      const next = source.next()
      next.catch(() => undefined)
      const result = await Promise.race([next, stopped])
      if (result === undefined) {
        abandon()
        const late = await next.catch(() => undefined)
        if (late && !late.done) yield late.value
        return
      }
      if (result.done) return
      yield result.value
    }
  } finally {
    stop.removeEventListener('abort', onAbort)
    abandon()
    await source.return()
  }
}
