import { fork } from 'node:child_process'
import type { Counts } from './coverage.ts'
import type { Simulation, SimulationOptions } from './simulate.ts'

const worker = new URL('worker.ts', import.meta.url)

/** Divides the seeds among so many processes. Rejects where one of them dies. */
export async function simulateAtOnce(processes: number, options: SimulationOptions): Promise<Simulation> {
  const parts = Array.from({ length: processes }, (_, index) =>
    options.seeds.filter((_seed, position) => position % processes === index),
  )
  return sum(await Promise.all(parts.map((seeds) => runWorker({ ...options, seeds }))))
}

/** The same as if one process had lived through all of it. */
export function sum(simulations: readonly Simulation[]): Simulation {
  const counts: Counts = {}
  for (const simulation of simulations)
    for (const [name, times] of Object.entries(simulation.counts)) counts[name] = (counts[name] ?? 0) + times
  return {
    seeds: simulations.reduce((all, { seeds }) => all + seeds, 0),
    counts,
    failures: simulations.flatMap(({ failures }) => failures),
  }
}

function runWorker(options: SimulationOptions): Promise<Simulation> {
  return new Promise((resolve, reject) => {
    const child = fork(worker)
    let result: Simulation | undefined
    child.on('message', (message) => (result = message as Simulation))
    child.on('error', reject)
    child.on('exit', (code) =>
      result ? resolve(result) : reject(new Error(`a process of the simulation ended with ${String(code)}`)),
    )
    child.send(options)
  })
}
