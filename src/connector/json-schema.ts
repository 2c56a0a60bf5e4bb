import { z } from 'zod'
import { connectorConfig } from './connector.ts'

/**
 * The JSON Schema (draft 7, which editors know best) of a connector file as a person writes it, for
 * `# yaml-language-server: $schema=FILE` or a `$schema` key. It tells less than `parseConnector`, which knows rules across keys.
 */
export function connectorJsonSchema(): object {
  const schema = z.toJSONSchema(connectorConfig, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => simplifyFormat(jsonSchema),
  })
  const { $schema, properties, ...rest } = schema
  return {
    $schema,
    title: 'headrace connector',
    description: 'One API and its streams.',
    ...rest,
    properties: { $schema: { type: 'string', description: 'For editors: where this schema lies.' }, ...properties },
  }
}

/** Formats of our own mean nothing to an editor, and `uri` would refuse a template; their patterns say what is meant. */
function simplifyFormat(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.format === undefined) return
  if (schema.format === 'uri') schema.pattern = '^https?://'
  delete schema.format
}
