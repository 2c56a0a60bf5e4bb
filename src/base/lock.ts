/** Runs one task at a time, in the order in which they were asked for. */
export type Lock = <T>(task: () => Promise<T>) => Promise<T>

export function createLock(): Lock {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const next = last.then(task)
    // The next task waits for this one whether it fails or not; its failure goes to the one who asked for it.
    last = next.then(
      () => undefined,
      () => undefined,
    )
    return next
  }
}
