import { inspect } from 'node:util'

const shown = '[secret]'

/** A value that must never be printed: as a string, in JSON, in `inspect` and in an error it reads `[secret]`. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The only way to the value. Call it where the credential is used and keep the result nowhere. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return shown
  }

  toJSON(): string {
    return shown
  }

  [Symbol.toPrimitive](): string {
    return shown
  }

  [inspect.custom](): string {
    return shown
  }
}
