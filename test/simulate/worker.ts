import { type SimulationOptions, simulate } from './simulate.ts'

// A process of its own: it lives through the seeds that it is sent, and sends back what came of them.
process.once('message', (options: SimulationOptions) => {
  simulate(options).then(
    (result) => process.send?.(result, () => process.disconnect()),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
})
