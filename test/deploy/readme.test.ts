import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Deployment, listResources } from '../../src/deploy/deployment.ts'

const folder = join(import.meta.dirname, '../../deploy')
const readme = readFileSync(join(folder, 'README.md'), 'utf8')
const terraform = readFileSync(join(folder, 'terraform/main.tf'), 'utf8')

/** `run roles/bigquery.jobUser`: who has which role, by the table. */
function rolesOfReadme(): readonly string[] {
  const [, section = ''] = readme.split('## Who may do what')
  let account = ''
  return (section.split('\n## ', 1)[0] as string).split('\n').flatMap((line) => {
    const [, name = '', role = ''] = line.split('|').map((cell) => cell.trim())
    account = /^`SERVICE-(\w+)`/.exec(name)?.[1] ?? (name === '' ? account : 'pubsub')
    const found = /^`(roles\/[\w.]+|SERVICE_tokens)`/.exec(role)?.[1]
    return found === undefined ? [] : [`${account} ${found}`]
  })
}

const deployment: Deployment = {
  project: 'acme',
  region: 'europe-west4',
  service: 'etl',
  location: 'EU',
  connectors: 'connectors',
  pubsub: true,
  staticIp: true,
  alertChannel: 'projects/acme/notificationChannels/1',
  env: {},
  needs: {
    connectors: ['shop'],
    files: ['shop.yaml'],
    datasets: ['shop'],
    secrets: [{ name: 'tokens', written: true }],
    schedules: [{ connector: 'shop', cron: '0 * * * *', timeZone: 'UTC' }],
  },
  projectNumber: '12',
  upload: [],
  sourceHash: 'x',
}

/** The same of the commands that make the resources. */
function rolesOfDeploy(): readonly string[] {
  const commands = listResources(deployment).flatMap(({ create }) => create.map(({ args }) => args.join(' ')))
  return commands.flatMap((command) => {
    const [, member = '', role = ''] =
      /--member=serviceAccount:(\S+) --role=(\S+)/.exec(command) ??
      swap(/GRANT `(\S+)` ON .* TO "serviceAccount:(\S+)"/.exec(command))
    return role === '' ? [] : [`${accountOf(member)} ${role.replace('projects/acme/roles/etl_', 'SERVICE_')}`]
  })
}

const swap = (found: RegExpExecArray | null): readonly (string | undefined)[] => [found?.[0], found?.[2], found?.[1]]

const accountOf = (email: string): string => /^etl-(\w+)@/.exec(email)?.[1] ?? 'pubsub'

/** The same of Terraform, block by block. */
function rolesOfTerraform(): readonly string[] {
  return terraform.split('\nresource ').flatMap((block) => {
    const role = /^ {2}role +=\s*("[^"]+"|google_project_iam_custom_role\.tokens)/m.exec(block)?.[1]
    const [, account] = /members? +=.*?google_service_account\.(\w+)\.member/.exec(block) ?? []
    return role ? [`${account ?? 'pubsub'} ${role.startsWith('"') ? role.slice(1, -1) : 'SERVICE_tokens'}`] : []
  })
}

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)].toSorted()

test('the README of the deployment names every role that headrace deploy grants, and no other', () => {
  assert.deepEqual(unique(rolesOfReadme()), unique(rolesOfDeploy()))
})

test('it names every role that Terraform grants, and no other but that of the build', () => {
  const expected = rolesOfReadme().filter((role) => !role.startsWith('build '))
  assert.deepEqual(unique(rolesOfTerraform()), unique(expected))
})

test('no row of a table stands twice', () => {
  const states = readme.split('\n').flatMap((line) => /^\| ([\w `]+) \|/.exec(line)?.[1] ?? [])
  assert.deepEqual(
    states.filter((state, at) => states.indexOf(state) !== at),
    [],
  )
})
