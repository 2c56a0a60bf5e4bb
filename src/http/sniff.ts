import { TransportError } from './transport-error.ts'
import type { BodySink } from './body-sink.ts'
import { decompress } from './decompress.ts'

/** The longest of the marks below, in bytes. */
const markLength = 4

/** The layers that a body may be packed in beyond what its headers say. */
const mostLayers = 2

const startsWith = (bytes: Uint8Array, ...mark: readonly number[]): boolean =>
  mark.every((byte, at) => bytes[at] === byte)

/** The coding that the first bytes of a body show (RFC 1952 section 2.3.1, RFC 8878 section 3.1.1) whether or not its headers say so. */
function codingOf(bytes: Uint8Array): 'gzip' | 'zstd' | undefined {
  if (startsWith(bytes, 0x1f, 0x8b, 0x08)) return 'gzip'
  if (startsWith(bytes, 0x28, 0xb5, 0x2f, 0xfd)) return 'zstd'
  if (startsWith(bytes, 0x50, 0x4b, 0x03, 0x04))
    throw new TransportError(
      'RESPONSE_INVALID',
      'was answered with a zip archive, which is not read; ask for the rows themselves, or for gzip',
    )
  return undefined
}

export interface Packing {
  /** As the headers name them. */
  readonly codings: readonly string[]
  readonly layers?: number
  /** Told where the first bytes and the headers differ. */
  readonly onRepair?: ((repair: string) => void) | undefined
}

/**
 * Undoes `codings` on the way to `sink`, and what the first bytes show beyond them: a gzip that no header names, one
 * inside of another; a body that its headers call gzip or zstd and that is not is taken as it is.
 */
export function unpack<Result>(sink: BodySink<Result>, packing: Packing): BodySink<Result> {
  let held: Uint8Array = new Uint8Array(0)
  let target: BodySink<Result> | undefined
  const open = (): BodySink<Result> => (target = choose(sink, packing, held))
  return {
    write: (chunk) => {
      if (target) return target.write(chunk)
      held = held.length === 0 && chunk.length >= markLength ? chunk : Buffer.concat([held, chunk])
      return held.length < markLength ? undefined : open().write(held)
    },
    end: async () => {
      if (!target && held.length > 0) await open().write(held)
      return (target ?? sink).end()
    },
    discard: () => (target ?? sink).discard(),
    get full() {
      return (target ?? sink).full ?? false
    },
  }
}

function choose<Result>(sink: BodySink<Result>, packing: Packing, first: Uint8Array): BodySink<Result> {
  const { codings, layers = mostLayers, onRepair } = packing
  const shown = codingOf(first)
  const outer = codings.at(-1)?.replace('x-gzip', 'gzip')
  if (outer !== undefined && outer !== shown && (outer === 'gzip' || outer === 'zstd')) {
    onRepair?.(`The answers are ${shown ?? 'not packed'}, while their headers say ${outer}; they are read as they are.`)
    return unpack(sink, { codings: shown ? [shown] : codings.slice(0, -1), layers, onRepair })
  }
  if (outer !== undefined)
    return decompress(layers > 0 ? unpack(sink, { codings: [], layers, onRepair }) : sink, codings)
  if (!shown || layers === 0) return sink
  onRepair?.(`The answers are packed by ${shown}, which their headers do not say; they are unpacked all the same.`)
  return decompress(unpack(sink, { codings: [], layers: layers - 1, onRepair }), [shown])
}
