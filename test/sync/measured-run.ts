import { createHarness } from './harness.ts'

/** Runs one stream of the provider at a URL, and prints what came of it and how much memory the process took at most (MB). */
const [url = '', stream = ''] = process.argv.slice(2)
using harness = createHarness(url)
harness.connector = `streams: [${stream}]\n`
const { first } = await harness.run({}, { env: process.env })
const { rows, rejected, error } = first
process.stdout.write(JSON.stringify({ rows, rejected, code: error?.code, peak: process.resourceUsage().maxRSS / 1024 }))
