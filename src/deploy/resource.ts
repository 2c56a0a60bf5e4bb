/** A call of `gcloud` or `bq`. */
export interface Command {
  readonly program: 'gcloud' | 'bq'
  readonly args: readonly string[]
}

/** Some are known only once the state is: its name may be Google's choice. */
export type Commands = readonly Command[] | ((current: unknown) => readonly Command[])

/** One thing in the project that the deployment sees to: how it is looked at, made, changed and taken away. */
export interface Resource {
  /** As a person knows it: `secret acme-client-id`. */
  readonly title: string
  /** Prints its state as JSON; fails where it is missing. */
  readonly read: Command
  /** What about the state is not as it should be, a few words each: `memory 256Mi, wanted 512Mi`. */
  readonly differences: (current: unknown) => readonly string[]
  /** Where the state of something missing can be read all the same. */
  readonly isMissing?: (current: unknown) => boolean
  readonly create: readonly Command[]
  /** Where making it once more is not how it is changed. */
  readonly update?: Commands
  /** Empty for what other things in the project may rely on. */
  readonly remove: Commands
  /** It holds what cannot be had again: it is kept unless the person says otherwise. */
  readonly holdsData?: true
}

export const gcloud = (...args: readonly string[]): Command => ({ program: 'gcloud', args })

export const bq = (...args: readonly string[]): Command => ({ program: 'bq', args })

/** A state that either is there or is not. */
export const unchanged = (): readonly string[] => []

/** A role that a member has on something that has an IAM policy. */
export interface Grant {
  /** `secret acme-client-id` */
  readonly on: string
  readonly member: string
  readonly role: string
  /** What stands before and behind `get-iam-policy`, `add-iam-policy-binding` and `remove-iam-policy-binding`. */
  readonly command: readonly string[]
  readonly flags: readonly string[]
  /** Of a policy that may hold conditions, such as a project's. */
  readonly mayHaveConditions?: true
  /** Nobody has this role without being named: what everybody was granted is taken away. */
  readonly isPrivate?: boolean
}

export function grantRole({ on, member, role, command, flags, mayHaveConditions, isPrivate }: Grant): Resource {
  const change = (verb: 'add' | 'remove', of = member): Command => {
    const [group, name] = [command.slice(0, -1), command.slice(-1)]
    const binding = [`--member=${of}`, `--role=${role}`, ...(mayHaveConditions ? ['--condition=None'] : [])]
    return gcloud(...group, `${verb}-iam-policy-binding`, ...name, ...binding, ...flags, '--format=none', '--quiet')
  }
  const intruders = (policy: unknown): readonly string[] =>
    isPrivate ? everybody.filter((anyone) => hasBinding(policy, anyone, role)) : []
  return {
    title: `${role} on ${on} for ${nameOf(member)}`,
    read: gcloud(...command.slice(0, -1), 'get-iam-policy', ...command.slice(-1), ...flags, '--format=json'),
    isMissing: (policy) => !hasBinding(policy, member, role) && intruders(policy).length === 0,
    differences: (policy) => intruders(policy).map((anyone) => `${anyone} has it too`),
    create: [change('add')],
    update: (policy) => [
      ...(hasBinding(policy, member, role) ? [] : [change('add')]),
      ...intruders(policy).map((anyone) => change('remove', anyone)),
    ],
    remove: [change('remove')],
  }
}

/** https://cloud.google.com/iam/docs/principals-overview: everybody on the internet, and everybody with a Google account. */
const everybody = ['allUsers', 'allAuthenticatedUsers']

function hasBinding(policy: unknown, member: string, role: string): boolean {
  const { bindings = [] } = policy as {
    bindings?: readonly { readonly role: string; readonly members?: readonly string[]; readonly condition?: unknown }[]
  }
  return bindings.some(
    (binding) => binding.role === role && binding.condition === undefined && (binding.members ?? []).includes(member),
  )
}

/** `headrace-run` of `serviceAccount:headrace-run@acme.iam.gserviceaccount.com` */
const nameOf = (member: string): string => member.replace(/^\w+:/, '').split('@', 1)[0] as string

/** `field value, wanted other` for each of `wanted` that `current` has otherwise; values are compared as text. */
export function compareFields(
  current: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, string | number | boolean>>,
): readonly string[] {
  return Object.entries(wanted).flatMap(([field, value]) => {
    const now = current[field]
    const text = typeof now === 'string' ? now : JSON.stringify(now ?? null)
    return text === String(value) ? [] : [`${field} ${now === undefined ? 'not set' : text}, wanted ${value}`]
  })
}

/** A member of nested objects and lists, undefined where any step of the way is missing. */
export function pick(value: unknown, ...path: readonly (string | number)[]): unknown {
  let at: unknown = value
  for (const step of path) at = (at as Record<string | number, unknown> | null | undefined)?.[step]
  return at
}
