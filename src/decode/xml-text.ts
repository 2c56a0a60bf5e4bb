import { TextDecoder } from 'node:util'

/**
 * The text of an XML document. A byte order mark decides, then the charset of the content type, then what the document
 * says of itself, then UTF-8 (RFC 7303 section 3, XML 1.0 appendix F). Throws a `RangeError` for a charset that is not
 * known and a `TypeError` for bytes that are not in it.
 */
export function decodeXml(bytes: Buffer, charset: string | undefined): string {
  const label = byMark(bytes) ?? charset ?? byShape(bytes) ?? byDeclaration(bytes) ?? 'utf-8'
  return new TextDecoder(label, { fatal: true }).decode(bytes)
}

function byMark(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  return bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : undefined
}

/** `<` in two bytes. */
function byShape(bytes: Buffer): string | undefined {
  if (bytes[0] === 0x3c && bytes[1] === 0) return 'utf-16le'
  return bytes[0] === 0 && bytes[1] === 0x3c ? 'utf-16be' : undefined
}

function byDeclaration(bytes: Buffer): string | undefined {
  const [, label] = /^\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([^"']+)["']/.exec(bytes.toString('latin1', 0, 256)) ?? []
  // Whoever wrote two bytes a letter would not have been understood so far.
  return label !== undefined && /^utf-?16/i.test(label) ? undefined : label
}
