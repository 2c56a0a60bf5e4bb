import { withCharset, withMark } from './charset.ts'
import type { BodyOptions, Decoder } from './decoder.ts'
import json from './json.ts'
import jsonl from './jsonl.ts'
import { withFinite } from './non-finite.ts'
import type { PageDecoder } from './page-decoder.ts'
import xml from './xml.ts'

/** To add a format: write its file and add it here. */
const decoders = [json, jsonl, xml] as const

export type Format = (typeof decoders)[number]['name']
export const formats: readonly Format[] = decoders.map(({ name }) => name)

export interface DecoderOptions extends BodyOptions {
  readonly format: Format
}

/** The `Accept` header of requests whose answers are of this format. */
export const acceptOf = (format: Format): string => decoderOf(format).accept

/** The decoder of one body. */
export function createPageDecoder(options: DecoderOptions): PageDecoder {
  const format = decoderOf(options.format)
  const decoder = format.isJson ? finite(format.create(options), options) : format.create(options)
  if (format.saysCharset) return decoder
  const charset = options.charset && !/^(utf-?8|us-ascii)$/.test(options.charset) ? options.charset : undefined
  return withMark(decoder, (mark) => {
    const label = mark ?? charset
    if (mark !== undefined && !mark.startsWith(charset ?? 'utf-8'))
      options.onRepair?.(
        `The answers begin with the byte order mark of ${mark}, while their headers say ${charset ?? 'utf-8'}; they are read by the mark.`,
      )
    return label === undefined || label === 'utf-8' ? decoder : withCharset(decoder, label, options)
  })
}

const decoderOf = (format: Format): Decoder => decoders.find(({ name }) => name === format) as Decoder

function finite(decoder: PageDecoder, { nonFinite, onRepair }: BodyOptions): PageDecoder {
  if (nonFinite === undefined) return decoder
  return withFinite(decoder, () => onRepair?.('The answers hold NaN or Infinity, which is read as null (non_finite).'))
}
