import { connectorJsonSchema } from '../connector/json-schema.ts'
import { type CommandContext, toJson } from './context.ts'
import { exitCodes } from './exit-code.ts'

/** `headrace schema`: the JSON Schema of connector files, for editors. */
export function schemaCommand({ terminal }: CommandContext): number {
  terminal.print(toJson(connectorJsonSchema()))
  return exitCodes.complete
}
