#!/usr/bin/env node
import { readFileSync } from 'node:fs'

const needed = 24

// Nothing else is loaded before this is known: an older Node.js would stumble over the syntax of what follows.
if (Number.parseInt(process.versions.node, 10) < needed) {
  process.stderr.write(
    `headrace needs Node.js ${needed} or later, and this is ${process.versions.node}: install a newer one from https://nodejs.org.\n`,
  )
  process.exitCode = 2
} else {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const { tuneHeap } = await import('./base/heap.ts')
  tuneHeap()
  const { main } = await import('./cli/main.ts')
  process.exit(await main({ args: process.argv.slice(2), env: process.env, version }))
}
