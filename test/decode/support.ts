import { createPageDecoder, type DecoderOptions } from '../../src/decode/index.ts'
import type { PageBody } from '../../src/decode/page-decoder.ts'
import { noShape } from '../../src/schema/shape.ts'

/** Decodes `body`, which comes in pieces that end at `cuts`; throws also what is merely a problem of it. */
export async function decode(
  body: Uint8Array | string,
  options: Partial<DecoderOptions> & { cuts?: readonly number[] } = {},
): Promise<PageBody & { text: string }> {
  const decoder = createPageDecoder({
    format: 'json',
    rows: '$.data[*]',
    shape: () => noShape,
    listing: false,
    mayBeEmpty: false,
    where: 'GET /',
    ...options,
  })
  const bytes = Buffer.from(body)
  const cuts = [0, ...(options.cuts ?? []).map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  for (let at = 1; at < cuts.length; at++) await decoder.write(bytes.subarray(cuts[at - 1], cuts[at]))
  const page = await decoder.end()
  if (page.problem) throw page.problem
  const chunks: Uint8Array[] = []
  for await (const chunk of page.rows.lines.read()) chunks.push(chunk)
  return { ...page, text: Buffer.concat(chunks).toString() }
}
