/** A short secret, or a spelling of it: found where it stands by itself, as it would be found in other words everywhere. */
export interface Word {
  readonly text: string
  /** Whether a letter, a digit or `_` next to it makes it a part of another word. */
  readonly bounded: boolean
}

/** `value` itself, in base64 and hexadecimal. */
export function listWords(value: string): readonly Word[] {
  const bytes = Buffer.from(value)
  const hex = bytes.toString('hex')
  const base64 = bytes.toString('base64')
  const texts = [value, value.toWellFormed(), hex, hex.toUpperCase(), base64, bytes.toString('base64url')]
  return [...new Set(texts)].map((text) => ({ text, bounded: value.length < 8 }))
}

/** Where words stand in a text; `end` is exclusive. */
export function findWords(text: string, words: readonly Word[]): readonly { start: number; end: number }[] {
  return words.flatMap(({ text: word, bounded }) => {
    const found: { start: number; end: number }[] = []
    for (let start = text.indexOf(word); start >= 0; start = text.indexOf(word, start + 1)) {
      const end = start + word.length
      if (!bounded || (!isJoined(text, start) && !isJoined(text, end))) found.push({ start, end })
    }
    return found
  })
}

/** Whether the characters on both sides of an offset belong to one word. */
const isJoined = (text: string, at: number): boolean => /\w/.test(text.charAt(at - 1)) && /\w/.test(text.charAt(at))
