import type { Effects } from '../base/effects.ts'
import type { Deadline } from './deadline.ts'
import type { Meter } from './meter.ts'

/** What a wait has to look at. */
export interface WaitDeps {
  readonly effects: Effects
  readonly deadline: Deadline
  readonly meter: Meter
}

/** A run that was asked to stop still waits this long, in milliseconds, rather than break off a page. */
const shortWait = 5_000

/** Longest part of a wait, in milliseconds, before it is looked at again. */
export const slice = 1_000

/** Whether the run may wait until `until` (milliseconds since 1970): not past its deadline, nor long once it is to stop. */
export function mayWait(until: number, { deadline, effects }: WaitDeps): boolean {
  return until <= deadline.at && !(deadline.stopping && until - effects.now() > shortWait)
}

/**
 * Waits until `until`, in slices, so that a run that is asked to stop meanwhile does so. Resolves with false when the
 * wait was broken off. Rejects when `signal` aborts.
 */
export async function waitUntil(until: number, deps: WaitDeps, signal: AbortSignal): Promise<boolean> {
  for (let left = until - deps.effects.now(); left > 0; left -= slice) {
    if (!mayWait(until, deps)) return false
    await waitStep({ until, ms: Math.min(left, slice) }, deps, signal)
  }
  return true
}

/** Waits `ms` of a wait that may last until `until`, which the meter shows meanwhile. */
export async function waitStep(
  { until, ms }: { until: number; ms: number },
  { effects, meter }: WaitDeps,
  signal: AbortSignal,
): Promise<void> {
  meter.waitingUntil = until
  try {
    await effects.sleep(ms, signal)
  } finally {
    if (meter.waitingUntil === until) delete meter.waitingUntil
  }
}
