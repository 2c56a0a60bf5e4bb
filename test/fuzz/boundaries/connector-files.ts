import { globSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { parseConnector } from '../../../src/connector/load.ts'
import { renderRequest } from '../../../src/connector/templates.ts'
import { defineBoundary } from '../boundary.ts'
import { mutated } from '../mutate.ts'

const yaml = ['../../../deploy/connectors/*.yaml', '../../demo/*.yaml']
  .flatMap((pattern) => globSync(new URL(pattern, import.meta.url).pathname))
  .map((path) => readFileSync(path, 'utf8'))
const json = yaml.map((text) => JSON.stringify(parse(text), undefined, 1))

const rich = `name: acme
base_url: https://{{ env.REGION }}.acme.example/v1
auth: { type: login, request: { url: https://acme.example/in, body: { p: secret:p } }, token: $.token, lifetime: PT1H }
defaults: { primary_key: id, incremental: { cursor: at, lookback: PT1H }, errors: [{ status: 404, action: ignore }] }
streams:
  - name: a
    rows: $.data[?@.ok==true]
    params: { since: '{{ cursor | add("-PT1H") | date("%Y-%m-%d") }}', q: '{{ now | epoch_ms }}' }
    paginator: { type: cursor, path: $.next, param: cursor }
    columns: { at: timestamp, amount: numeric }
  - name: b
    path: /b/{{ parent.id }}
    parent: { stream: a, include: { id: id } }
    partitions: { values: { region: [eu, us] } }
    deletes: { by: absence, max_share: 0.5 }
`

const words = [
  '&a ',
  '*a',
  '<<: *a',
  '!!js/function ',
  '!!binary ',
  '--- ',
  '? ',
  '- ',
  '  ',
  '|',
  '>',
  '#',
  '%YAML 1.1\n',
  '~',
  '{{ cursor }}',
  '{{',
  '}}',
  '{{ env.X }}',
  '{{ parent.__proto__ }}',
  '| date("',
  '| add("P9999999Y")',
  '| default(',
  '$',
  '$[',
  '$..*',
  '$[?(((((((((((@',
  '$[?@.a==',
  "['",
  '$[-1]',
  '$[99999999999999999999]',
  'PT',
  'P9999999999999999D',
  '0s',
  'true',
  '[]',
  '{}',
  '0x7fffffff',
  '.inf',
  '.nan',
  '2024-02-30',
  'file:',
  'secret:',
  'rows:',
  'streams:',
  'auth:',
  'type:',
  'paginator:',
  'partitions:',
  'parent:',
  '$schema:',
  'http://',
  'https://[::1',
]

const scope = { cursor: 5, parent: { id: '../x' }, now: Date.UTC(2025, 0, 1), run: { id: 'r' }, env: { REGION: 'eu' } }

export const connectorFiles = defineBoundary({
  name: 'connector files',
  runs: 1_500,
  input: mutated([...yaml, ...json, rich, rich], words),
  open: () => (text) => {
    const connector = parseConnector(text, 'acme.yaml')
    for (const stream of connector.streams) renderRequest(connector, stream, scope)
  },
})
