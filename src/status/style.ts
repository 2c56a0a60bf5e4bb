import { createHash } from 'node:crypto'

/** The one style sheet. It is part of the page, and the policy names its hash. */
export const style = minify(`
:root {
  color-scheme: light dark;
  --bg: #f6f7f7; --card: #fff; --ink: #14191b; --dim: #566067; --line: #dde2e4; --soft: #eef1f2;
  --accent: #0a6a70; --on-accent: #fff; --ok: #17713c; --bad: #b3261e; --warn: #855600; --bad-soft: #fcefee;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #0e1315; --card: #151b1e; --ink: #e4e9ea; --dim: #9aa6ac; --line: #293236; --soft: #1c2427;
    --accent: #62c9c6; --on-accent: #06201f; --ok: #70d196; --bad: #ff9a91; --warn: #efb858; --bad-soft: #2a1a19;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--bg); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; font-variant-numeric: tabular-nums;
}
code, .mono { font: 13px/1.45 ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace; overflow-wrap: anywhere; unicode-bidi: isolate; }
a { color: var(--accent); text-underline-offset: 3px; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .3rem .6rem; z-index: 1; }
.defs { position: absolute; width: 0; height: 0; }
header.top, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.5rem; }
header.top { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.25rem; padding-top: 1.1rem; font-size: 13px; color: var(--dim); }
.brand { display: inline-flex; align-items: center; gap: .5rem; font-weight: 650; font-size: 15px; color: var(--ink); text-decoration: none; letter-spacing: -.01em; margin-right: auto; }
.brand svg { width: 20px; height: 20px; color: var(--accent); }
header.top p, header.top form { margin: 0; }
main { padding-bottom: 2rem; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -.02em; font-weight: 650; margin: 1.6rem 0 .6rem; overflow-wrap: anywhere; text-wrap: balance; }
h2 { font-size: 1.15rem; line-height: 1.3; letter-spacing: -.01em; font-weight: 650; margin: 0; overflow-wrap: anywhere; }
.sub { letter-spacing: 0; font-size: 13px; font-weight: 600; color: var(--dim); margin: 1.1rem 0 .35rem; }
p { margin: .3rem 0; }
ul { margin: 0; padding: 0; list-style: none; }
.dim, small { color: var(--dim); font-size: 13px; }
.crumb { margin: 1.4rem 0 -1.2rem; font-size: 13px; }
.tally { display: flex; flex-wrap: wrap; gap: .3rem 1.3rem; margin: 0 0 1.4rem; }
.st { display: inline-flex; align-items: center; gap: .4rem; white-space: nowrap; font-weight: 550; }
.st svg, .name svg { width: 14px; height: 14px; flex: none; }
.ok > svg, svg.ok { color: var(--ok); }
.failed { color: var(--bad); } .late, .empty, .warned { color: var(--warn); } .busy, .continues { color: var(--accent); } .never { color: var(--dim); }
.st.ok { color: var(--ink); }
.cut { fill: none; stroke: var(--card); stroke-width: 1.8; stroke-linecap: round; }
.pen { fill: none; stroke: currentColor; stroke-width: 1.7; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.25rem 1rem; margin: 0 0 1.1rem; }
.card > header { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: flex-start; }
.card > header > div { flex: 1 1 20rem; min-width: 0; }
.title { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem .9rem; }
.title a { color: inherit; text-decoration: none; } .title a:hover, .title .dim a { text-decoration: underline; }
.meta { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; color: var(--dim); font-size: 13px; margin-top: .2rem; }
.trouble { border-left: 4px solid var(--bad); border-radius: 4px 10px 10px 4px; padding-bottom: .4rem; }
.trouble.mild { border-left-color: var(--warn); }
.trouble > h2 { margin-bottom: .5rem; }
.trouble li { border-top: 1px solid var(--line); padding: .6rem 0; }
.trouble .msg, .msg { overflow-wrap: anywhere; margin: .15rem 0; unicode-bidi: isolate; white-space: pre-line; }
.todo { color: var(--ink); } .todo b { font-weight: 600; }
.code { font-weight: 600; }
button { font: inherit; font-size: 13px; font-weight: 600; min-height: 32px; padding: .2rem .85rem; border-radius: 7px; cursor: pointer; border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent); }
button:hover { filter: brightness(1.08); } button.quiet { background: none; color: var(--accent); border-color: var(--line); }
form { margin: 0; }
.chart { margin: .9rem 0 .2rem; width: fit-content; max-width: 100%; }
.chart svg { display: block; height: 62px; max-width: 100%; }
.chart figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1.2rem; color: var(--dim); font-size: 12px; min-width: 15rem; }
abbr { text-decoration: none; }
.axis { stroke: var(--line); fill: none; } .bars { fill: var(--accent); } .cross { stroke: var(--bad); stroke-width: 1.6; fill: none; }
.hollow { fill: var(--soft); stroke: var(--accent); stroke-width: 1.2; }
.spark { display: block; height: 18px; width: 84px; } .spark path { fill: var(--accent); }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; font-size: 12px; color: var(--dim); padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td { padding: .42rem .9rem .42rem 0; border-bottom: 1px solid var(--soft); vertical-align: top; }
tr:last-child td { border-bottom: 0; } th:last-child, td:last-child { padding-right: 0; }
td.n, th.n { text-align: right; white-space: nowrap; } td.t { white-space: nowrap; } td.c { max-width: 17rem; }
td .st { font-weight: 500; } td small { display: block; white-space: nowrap; } td small.warned { display: flex; color: var(--warn); }
.name { font-weight: 550; overflow-wrap: anywhere; }
details { margin-top: .6rem; } summary { cursor: pointer; color: var(--accent); font-size: 13px; font-weight: 600; padding: .2rem 0; width: fit-content; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .9rem 1.25rem; margin: 0; }
dt { color: var(--dim); font-size: 12px; } dd { margin: 0; overflow-wrap: anywhere; }
dl.few { margin-top: 1rem; }
.parts { display: flex; gap: 1.2rem; margin: .8rem 0 0; font-size: 14px; }
.list > li { border-top: 1px solid var(--line); padding: .55rem 0; } .list > li:first-child { border-top: 0; }
.none { text-align: center; padding: 3rem 1.25rem; } .none svg { width: 44px; height: 44px; color: var(--accent); }
.none p { max-width: 34rem; margin: .4rem auto; }
footer { color: var(--dim); font-size: 12px; padding-bottom: 2rem; }
@media (min-width: 46.01rem) {
  .streams { table-layout: fixed; } .streams th:nth-child(1) { width: 22%; } .streams th:nth-child(2) { width: 16%; } .streams th:nth-child(3) { width: 13%; } .streams th:nth-child(4) { width: 10%; } .streams th:nth-child(5) { width: 13%; } .streams th:nth-child(6) { width: 7%; }
}
@media (max-width: 46rem) {
  header.top, main, footer { padding-left: 1rem; padding-right: 1rem; }
  h1 { font-size: 1.4rem; }
  .card { padding: .9rem .95rem .7rem; } .card > header > div { flex-basis: 11rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody { display: block; }
  tr { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; align-items: baseline; padding: .6rem 0; border-bottom: 1px solid var(--soft); }
  tr:last-child { border-bottom: 0; }
  td, td.n { display: block; border: 0; padding: 0; text-align: left; max-width: 100%; }
  td:first-child { flex: 1 0 100%; width: auto; }
  td[data-l]::before { content: attr(data-l) " "; color: var(--dim); font-size: 12px; }
  td.wide { flex-basis: 100%; } td small { display: inline; margin-left: .5rem; } td small.warned { display: inline-flex; } .spark { display: inline-block; vertical-align: middle; }
}
@media (forced-colors: active) { .cut { stroke: Canvas; } }
@media print { body { background: none; } .card { break-inside: avoid; } form { display: none; } }
`)

/** Nothing but this style, forms to this very service, and the picture in the tab. */
const rules = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
] as const

/** For the `meta` element of a file; a header may say more. */
export const filePolicy: string = rules.join('; ')

/** The Content-Security-Policy of a served page. */
export const policy: string = [...rules, "frame-ancestors 'none'"].join('; ')

function minify(css: string): string {
  return css
    .replace(/(?<!\s)\s*\n\s*/g, '')
    .replace(/(?<!\s)\s*([{};,])\s*/g, '$1')
    .replaceAll(': ', ':')
    .replace(/;}/g, '}')
}
