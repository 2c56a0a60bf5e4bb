/**
 * Memory for the rows of a page, used again and again: new memory at the rate at which rows pass would keep the garbage
 * collector busier than the rows keep us.
 */
const smallest = 64 * 1024
const largest = 4 * 1024 * 1024
/** So much is kept for later at most. */
const keepLimit = 24 * 1024 * 1024

const free = new Map<number, Buffer[]>()
const ours = new WeakSet<ArrayBufferLike>()
let kept = 0

/** `size` bytes whose content is left over from before. */
export function acquireBuffer(size: number): Buffer {
  if (size > largest) return Buffer.allocUnsafeSlow(size)
  const capacity = Math.max(smallest, 2 ** Math.ceil(Math.log2(size)))
  const known = free.get(capacity)?.pop()
  if (known) kept -= capacity
  const block = known ?? Buffer.allocUnsafeSlow(capacity)
  ours.add(block.buffer)
  return block.subarray(0, size)
}

/** Takes back what `takeBlock` gave; any other bytes are left alone. Nobody may look at them afterwards. */
export function releaseBuffer({ buffer }: Uint8Array): void {
  if (!ours.delete(buffer) || kept + buffer.byteLength > keepLimit) return
  kept += buffer.byteLength
  const blocks = free.get(buffer.byteLength)
  if (blocks) blocks.push(Buffer.from(buffer))
  else free.set(buffer.byteLength, [Buffer.from(buffer)])
}
