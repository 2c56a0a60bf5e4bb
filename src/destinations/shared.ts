/** A resource of this process that several runs use at once; the last to leave closes it. */
export interface Shared<T> {
  /** Opens the resource, or joins those who use it already. */
  acquire(key: string, open: () => Promise<T>): Promise<T>
  /** True where the caller was the last: the resource is closed. */
  release(key: string, close: (resource: T) => Promise<void>): Promise<void>
}

interface Entry<T> {
  readonly resource: Promise<T>
  users: number
  closing?: Promise<void>
}

export function createShared<T>(): Shared<T> {
  const entries = new Map<string, Entry<T>>()
  return {
    async acquire(key, open) {
      for (let entry = entries.get(key); entry?.closing; entry = entries.get(key))
        await Promise.allSettled([entry.closing])
      const entry = entries.get(key) ?? { resource: open(), users: 0 }
      entries.set(key, entry)
      entry.users += 1
      try {
        return await entry.resource
      } catch (thrown) {
        if (entries.get(key) === entry) entries.delete(key)
        throw thrown
      }
    },
    async release(key, close) {
      const entry = entries.get(key)
      if (!entry) return
      entry.users -= 1
      if (entry.users > 0) return
      entry.closing = entry.resource.then(close).finally(() => entries.delete(key))
      await entry.closing
    },
  }
}
