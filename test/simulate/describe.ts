import { writeConnector } from './connector.ts'
import type { Scenario, Step } from './scenario.ts'
import { plainProvider } from './shrink.ts'
import type { Outcome } from './world.ts'

/** A scenario and what came of it, for people. */
export function describeScenario(scenario: Scenario, { runs, violations }: Outcome): string {
  const { provider, connector, steps, seed } = scenario
  const special = Object.entries(provider).filter(
    ([key, value]) => key === 'paging' || key === 'rows' || value !== plainProvider[key as keyof typeof provider],
  )
  return [
    `seed ${seed}`,
    `  provider: ${special.map(([key, value]) => `${key} ${value}`).join(', ')}`,
    `  connector: ${JSON.stringify(writeConnector('api', connector, provider)).replaceAll('"', '')}`,
    ...steps.map((step) => `  step: ${describeStep(step)}`),
    ...runs.map(
      ({ step, status, error, warnings, requests }) =>
        `  ${step}: ${status} after ${requests} requests${error ? `, ${error.code} ${error.message}` : ''}${warnings
          .map(({ code, message }) => `, warning ${code} ${message}`)
          .join('')}`,
    ),
    ...violations.map(({ kind, what }) => `  ${kind}: ${what}`),
    '',
  ].join('\n')
}

function describeStep(step: Step): string {
  switch (step.do) {
    case 'run': {
      const parts = [
        ...step.changes.map(({ kind, row, after }) => `${kind} row ${row} after request ${after}`),
        ...step.faults.map(({ kind, request }) => `${kind} at request ${request}`),
        ...(step.cut ? [Object.values(step.cut).join(' ')] : []),
        ...(step.refresh ? ['full refresh'] : []),
      ]
      return `run${parts.length > 0 ? `: ${parts.join('; ')}` : ''}`
    }
    case 'change':
      return step.changes.map(({ kind, row }) => `${kind} row ${row}`).join('; ')
    case 'redeliver':
      return `the message of ${runBack(step.back)} comes again`
    case 'continue':
      return `the rest of ${runBack(step.back)}, ${step.times} times`
    case 'edit':
      return `the connector says ${step.edit.key}: ${String(step.edit.value)}`
    case 'backfill':
      return `a backfill from ${step.hours} to ${step.until} hours ago${step.cut ? `, ${Object.values(step.cut).join(' ')}` : ''}`
    case 'wait':
      return `${step.seconds} seconds pass`
  }
}

const runBack = (back: number): string => (back === 0 ? 'the last run' : `the run ${back} before the last`)
