import { z } from 'zod'

/** One of a family that a connector file names by its `type`. */
interface Variant {
  readonly config: z.ZodObject<{ readonly type: z.ZodLiteral<string> }>
}

type Configs<Variants extends readonly Variant[]> = { readonly [At in keyof Variants]: Variants[At]['config'] }

/** The schema of the keys of any of them, told apart by `type`. */
export function unionOf<const Variants extends readonly [Variant, ...Variant[]]>(variants: Variants) {
  return z.discriminatedUnion('type', variants.map(({ config }) => config) as Configs<Variants>)
}

/** The one that a schema of `unionOf` has read. */
export function variantOf<Known extends Variant>(variants: readonly Known[], type: string): Known {
  return variants.find(({ config }) => config.shape.type.value === type) as Known
}
