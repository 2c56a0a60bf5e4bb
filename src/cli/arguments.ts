import { InvalidArgumentError } from 'commander'
import { suggest } from '../base/nearest.ts'

/** A whole number of at least 1. */
export function parseCount(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new InvalidArgumentError('expected a whole number of at least 1.')
}

/** Seconds above 0; a fraction will do. */
export function parseSeconds(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError('expected a number of seconds above 0.')
}

/** A port that can be listened on. */
export function parsePort(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value
  throw new InvalidArgumentError('expected a port from 1 to 65535.')
}

/** One of `choices`, or an error that names the nearest. */
export function parseChoice<const T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    const choice = choices.find((known) => known === text)
    if (choice !== undefined) return choice
    throw new InvalidArgumentError(`expected one of ${choices.join(', ')}${suggest(text, choices)}.`)
  }
}
