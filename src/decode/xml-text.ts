import { TextDecoder } from 'node:util'
import { findMark } from './charset.ts'

/**
 * The text of an XML document. A byte order mark decides, then the charset of the content type, then what the document
 * says of itself, then UTF-8 (RFC 7303 section 3, XML 1.0 appendix F). Throws a `RangeError` for a charset that is not
 * known and a `TypeError` for bytes that are not in it, where these are `fatal`.
 */
export function decodeXml(bytes: Buffer, charset: string | undefined, fatal: boolean): string {
  const label = findMark(bytes)?.charset ?? charset ?? byShape(bytes) ?? byDeclaration(bytes) ?? 'utf-8'
  return new TextDecoder(label, { fatal }).decode(bytes)
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
