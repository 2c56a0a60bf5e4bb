import type { XMLParser, XMLValidator } from 'fast-xml-parser'
import { oneLine } from '../base/words/line.ts'

/** An element as a value: text alone is a string; else attributes are `@name`, text is `#text`, what repeats is an array. */
export interface XmlNode {
  readonly [name: string]: XmlNode | string | readonly (XmlNode | string)[]
}

/** What no page of an API needs, and what would otherwise use up the stack. */
const deepest = 200

/** What is wrong with a document: one phrase that goes after "The body that ... answered". */
export class XmlError extends Error {
  override readonly name = 'XmlError'
}

export interface XmlLibrary {
  readonly XMLParser: typeof XMLParser
  readonly XMLValidator: typeof XMLValidator
}

/** Parses a document: one member, named after its root. Throws an `XmlError` that names the line. */
export function parseXml(text: string, { XMLParser: Parser, XMLValidator: Validator }: XmlLibrary): XmlNode {
  const verdict = Validator.validate(text)
  if (verdict !== true)
    throw new XmlError(`is no valid XML in line ${verdict.err.line}: ${lowerFirst(verdict.err.msg)}`)
  const parser = new Parser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    textNodeName: '#text',
    ignoreDeclaration: true,
    ignorePiTags: true,
    // XML knows no types: a number that is taken for one loses its zeros.
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    maxNestedTags: deepest,
    processEntities: true,
    entityDecoder: plainEntities,
  })
  return tidy(parse(parser, text)) as XmlNode
}

function parse(parser: XMLParser, text: string): unknown {
  try {
    return parser.parse(text)
  } catch (thrown) {
    if (thrown instanceof XmlError) throw thrown
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    if (/nested tags/i.test(message)) throw new XmlError(`is nested over ${deepest} levels`)
    throw new XmlError(`is no valid XML: ${lowerFirst(message)}`)
  }
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The five of XML and characters by number. What a document defines itself is never expanded: it may grow without bound, or name a file. */
const plainEntities = {
  setExternalEntities: () => undefined,
  addInputEntities: () => undefined,
  reset: () => undefined,
  setXmlVersion: () => undefined,
  decode: (text: string): string =>
    text.includes('&')
      ? text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([^;&\s]{1,100}));/gi, (_, decimal, hex, name) => {
          if (name !== undefined) return Object.hasOwn(named, name) ? (named[name] as string) : refuse(`&${name};`)
          const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
          return isCharacter(code) ? String.fromCodePoint(code) : refuse(`character ${code}`)
        })
      : text,
}

const isCharacter = (code: number): boolean =>
  code <= 0x10ffff && (code >= 0x20 || code === 9 || code === 10 || code === 13) && (code < 0xd800 || code > 0xdfff)

function refuse(what: string): never {
  throw new XmlError(`refers to ${oneLine(what, 60)}, which XML does not know and which is not expanded`)
}

/** Takes out the line breaks between elements, which are not text. */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const hasElements = entries.some(([name]) => name !== '#text' && !name.startsWith('@'))
  const kept = entries.filter(([name, text]) => name !== '#text' || !hasElements || !/^\s*$/.test(String(text)))
  return Object.fromEntries(kept.map(([name, inner]) => [name, tidy(inner)]))
}

const lowerFirst = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1).replace(/\.$/, '')}`
