import { SyncError } from '../base/errors.ts'
import type { Checkpoint } from '../destinations/checkpoint.ts'

/** Bytes of JSON. Each commit has a checkpoint, and each run begins by reading one. */
const mostBytes = 4 * 1024 * 1024

/** What fills a member of a checkpoint, in words. */
const fillings: Readonly<Record<string, string>> = {
  place: 'the place in the listing (page tokens, links and parent rows)',
  marks: 'rows at the cursor',
  seen: 'rows at the cursor',
  names: 'names of fields that are not those of their columns',
  runs: 'runs that the listing has taken',
  linked: 'runs that the listing has taken',
}

/** Throws `CHECKPOINT_TOO_LARGE`, and says what makes it so large, before anything of it reaches the warehouse. */
export function checkSize(where: string, checkpoint: Checkpoint): void {
  const bytes = sizeOf(checkpoint)
  if (bytes <= mostBytes) return
  const { open, ...rest } = checkpoint
  const [largest = ''] = Object.entries({ ...rest, ...open })
    .toSorted(([, a], [, b]) => sizeOf(b) - sizeOf(a))
    .map(([name]) => name)
  throw new SyncError(
    'CHECKPOINT_TOO_LARGE',
    `${where}: the checkpoint of this batch would take ${bytes} bytes, most of them for ${fillings[largest] ?? largest}, and may take ${mostBytes}; nothing of the batch was written`,
    { details: { bytes, largest } },
  )
}

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? '')
