/** Gives out at most a fixed number of places, first come, first served. */
export interface Semaphore {
  /** Resolves with the function that gives the place back (calling it twice does no harm). Rejects when `signal` aborts. */
  enter(signal: AbortSignal): Promise<() => void>
}

export function createSemaphore(places: number): Semaphore {
  let free = places
  const queue = new Set<() => void>()

  const leave = () => {
    const [next] = queue
    if (!next) {
      free++
      return
    }
    queue.delete(next)
    next()
  }

  const place = () => {
    let held = true
    return () => {
      if (held) leave()
      held = false
    }
  }

  return {
    enter: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        if (free > 0) {
          free--
          return resolve(place())
        }
        const admit = () => {
          signal.removeEventListener('abort', giveUp)
          resolve(place())
        }
        const giveUp = () => {
          queue.delete(admit)
          reject(signal.reason)
        }
        queue.add(admit)
        signal.addEventListener('abort', giveUp, { once: true })
      }),
  }
}
