// Writes dist/types/: the declarations of the exports, as far as these reach, and the type of a connector, written out.
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { connectorJsonSchema } from '../src/connector/json-schema.ts'

const dir = 'dist/types'
rmSync(dir, { recursive: true, force: true })
execFileSync('tsc', ['-p', '.ci/tsconfig.types.json'], { stdio: 'inherit' })
writeFileSync(join(dir, 'connector/input.d.ts'), declareConnector())

const reached = new Set()
const reach = (file) => {
  if (reached.has(file)) return
  reached.add(file)
  for (const [, specifier] of readFileSync(join(dir, file), 'utf8').matchAll(/'(\.{1,2}\/[^']+)\.ts'/g))
    reach(normalize(join(dirname(file), `${specifier}.d.ts`)))
}
reach('api.d.ts')
for (const file of globSync('**/*.d.ts', { cwd: dir })) if (!reached.has(file)) rmSync(join(dir, file))

/** From the schema that checks connector files, so that an editor shows what each key means. */
function declareConnector() {
  const { definitions = {}, ...schema } = connectorJsonSchema()
  delete schema.properties.$schema
  const named = Object.entries(definitions).map(([name, one]) => `type ${nameOf(name)} = ${show(one, '')}\n`)
  return `${named.join('')}/** ${schema.description} */\nexport type ConnectorInput = ${show(schema, '')}\n`
}

function nameOf(definition) {
  return definition.replace(/^_+/, '').replace(/^./, (letter) => letter.toUpperCase())
}

function show(schema, indent) {
  if (schema.$ref) return nameOf(schema.$ref.split('/').at(-1))
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf
  if (choices) return [...new Set(choices.map((one) => show(one, indent)))].join(schema.allOf ? ' & ' : ' | ')
  if (Array.isArray(schema.type)) return schema.type.map((type) => show({ ...schema, type }, indent)).join(' | ')
  switch (schema.type) {
    case 'integer':
      return 'number'
    case 'array':
      return `readonly (${show(schema.items, indent)})[]`
    case 'object':
      return schema.properties
        ? showObject(schema, indent)
        : `{ readonly [name: string]: ${show(schema.additionalProperties, indent)} }`
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return schema.type
    default:
      throw new Error(`There is no type for ${JSON.stringify(schema).slice(0, 200)}`)
  }
}

function showObject({ properties, required = [] }, indent) {
  const inner = `${indent}  `
  const members = Object.entries(properties).map(([name, schema]) => {
    const about = schema.description ? `${inner}/** ${schema.description.replaceAll('*/', '*\\/')} */\n` : ''
    return `${about}${inner}readonly ${name}${required.includes(name) ? '' : '?'}: ${show(schema, inner)}\n`
  })
  return `{\n${members.join('')}${indent}}`
}
