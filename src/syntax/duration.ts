import { z } from 'zod'

const pattern = /^P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/
const unitMs = [7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1_000] as const

/** Milliseconds of an ISO 8601 duration of weeks to seconds (`PT1M`, `P1DT12H`, `PT0.5S`); undefined where it is none of fixed length. */
export function durationMs(text: string): number | undefined {
  const parts = pattern.exec(text)?.slice(1)
  return parts?.reduce((sum, part, at) => sum + Number(part ?? 0) * (unitMs[at] as number), 0)
}

/** A duration of fixed length; its output is milliseconds. */
export const duration = z
  .string()
  .refine((text) => durationMs(text) !== undefined, {
    error: 'expected an ISO 8601 duration of fixed length, such as PT30S, PT1H or P7D (months and years have none)',
  })
  .transform((text) => durationMs(text) as number)
  .meta({ title: 'duration', description: 'An ISO 8601 duration, such as PT30S, PT1H or P7D.' })
