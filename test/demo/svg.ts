import type { Line } from './killed.ts'

const lineHeight = 20
const margin = 16
const columns = 104
const charWidth = 7.9
/** No wait of the recording is shown for longer, in milliseconds. */
const longestWait = 1_500

/** Escapes text for XML. */
export const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/**
 * A terminal as a picture. Its lines appear as they were recorded, long waits shortened, or at once for those who want no
 * motion.
 */
export function renderTerminal(lines: readonly Line[], title: string): string {
  const [width, height] = [Math.ceil(columns * charWidth) + 2 * margin, lines.length * lineHeight + 2 * margin]
  let [shownAt, recordedAt] = [0, 0]
  const shown = lines.map(({ kind, text, at }, row) => {
    shownAt += Math.min(at - recordedAt, longestWait)
    recordedAt = at
    const y = margin + (row + 1) * lineHeight - 5
    const delay = (shownAt / 1000).toFixed(2)
    return `<text class="${kind}" x="${margin}" y="${y}" style="animation-delay:${delay}s">${escape(showLine({ kind, text }))}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escape(title)}</title>
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #d0d7de; white-space: pre; animation: show 0.01s both }
.command { fill: #ffffff; font-weight: 600 }
.note { fill: #f0b72f }
@keyframes show { from { opacity: 0 } }
@media (prefers-reduced-motion: reduce) { text { animation: none } }
</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${shown.join('\n')}
</svg>
`
}

/** A line as the terminal shows it. */
export const showLine = ({ kind, text }: Pick<Line, 'kind' | 'text'>): string =>
  cut({ command: '$ ', output: '', note: '# ' }[kind] + text)

const cut = (text: string): string => (text.length > columns ? `${text.slice(0, columns - 1)}…` : text)
