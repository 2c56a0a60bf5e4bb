import { writeSync } from 'node:fs'
import { inspect } from 'node:util'
import { parentPort, workerData } from 'node:worker_threads'

/** Seconds of work of the whole process. */
const most = 60

let under: unknown
let since = process.cpuUsage()
parentPort?.on('message', (input: unknown) => {
  under = input
  since = process.cpuUsage()
})
setInterval(() => {
  const { user, system } = process.cpuUsage(since)
  if ((user + system) / 1e6 < most) return
  writeSync(2, `no end: ${String(workerData)}, ${inspect(under, { maxStringLength: 10_000 })}\n`)
  process.kill(process.pid, 'SIGKILL')
}, 5_000)
