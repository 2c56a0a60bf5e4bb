import getWidth from 'fast-string-truncated-width'

/**
 * What nobody sees, and what a terminal, a log or a page would obey: control characters (C0, DEL, C1), line and paragraph
 * separators, bidirectional controls, zero-width and other ignorable characters (Unicode, Default_Ignorable_Code_Point). The
 * joiner inside an emoji and the selector of its color stay.
 */
const unseen =
  /(?:(?!\uFE0F|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}]\uFE0F?)\u200D(?=\p{Extended_Pictographic}))(?:[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]|[^\S ]))+/gu

/** More marks on one letter would draw over the lines above and below. */
export const marks = /(\p{M}{4})\p{M}+/gu

/** Code units that a column takes at most: letters with marks, emoji that are joined. */
const unitsPerColumn = 4

let letters: Intl.Segmenter | undefined

/** The letters of `text` as a person counts them (Unicode, UAX 29). */
export function* graphemes(text: string): Generator<string, void, undefined> {
  letters ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  for (const { segment } of letters.segment(text)) yield segment
}

/** Columns that `text` takes on a terminal; East Asian letters and emoji take two. */
export const widthOf = (text: string): number => getWidth(text).width

/** `text` in at most `width` columns and no more memory than these need, its end replaced by an ellipsis. */
export function cut(text: string, width: number): string {
  const most = width * unitsPerColumn
  if (text.length * 2 <= width || (text.length <= most && widthOf(text) <= width)) return text
  let kept = ''
  let room = width - 1
  for (const letter of graphemes(text.slice(0, most + 1))) {
    room -= widthOf(letter)
    if (room < 0 || kept.length + letter.length > most) break
    kept += letter
  }
  return `${kept}…`
}

/**
 * Foreign words as one line that steers nothing, of at most `width` columns: what is unseen becomes a blank, half a
 * surrogate pair U+FFFD.
 */
export function oneLine(words: string, width = Infinity): string {
  // What is cut away in the end is not worth cleaning: a provider may say 300 MB.
  const some = words.length > width * 16 ? words.slice(0, width * 16) : words
  const clean = some.toWellFormed().replaceAll(unseen, ' ').replaceAll(marks, '$1').trim()
  return some.length < words.length ? cut(`${clean} …`, width) : cut(clean, width)
}

/** A foreign name in quotes: where it begins and ends is plain. `width` is that of the name. */
export const quoted = (name: string, width = 60): string => JSON.stringify(oneLine(name, width))

/** The first of some foreign paths, in a sentence. */
export const lineOfAny = (paths: readonly string[]): string =>
  paths
    .slice(0, 5)
    .map((path) => oneLine(path, 100))
    .join(' or ')
