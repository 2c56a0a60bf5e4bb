import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { createWorld } from './project.ts'

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? ''

suite('headrace deploy', () => {
  test('--plan says what would be done and changes nothing', () => {
    using world = createWorld()
    const { code, stdout } = world.deploy('--plan')
    assert.equal(code, 0)
    assert.match(stdout, /^\+ service headrace$/m)
    assert.match(stdout, /^ {4}gcloud run deploy headrace --source=\. --function=headrace --base-image=nodejs24/m)
    assert.match(stdout, /^\+ schedule headrace-acme \(15 \* \* \* \*, Europe\/Berlin\)$/m)
    assert.match(lastLine(stdout), / to create, 1 to change, 0 to remove, 0 as it should be$/)
    assert.deepEqual(world.state().calls, [])
  })

  test('lists what it uploads, and refuses to upload what the function does not need', () => {
    using world = createWorld()
    const { stdout } = world.deploy('--plan')
    assert.match(stdout, /^Uploads connectors\/acme\.yaml, package\.json and 1 files of src\/\.$/m)
    const { upload } = JSON.parse(world.deploy('--plan', '--json').stdout) as { upload: string[] }
    assert.deepEqual(upload, ['connectors/acme.yaml', 'package.json', 'src/function.ts'])
    for (const file of ['connectors/acme.tokens', 'connectors/.env', 'src/key.json', 'headrace.duckdb']) {
      const path = world.dir.write(`clone/${file}`, 'x')
      const refused = world.deploy('--plan')
      assert.equal(refused.code, 2)
      assert.ok(refused.stderr.includes(`${file} would be uploaded`), refused.stderr)
      rmSync(path)
    }
    const text = readFileSync(join(world.dir.path, 'clone/connectors/acme.yaml'), 'utf8')
    world.dir.write('clone/connectors/acme.yaml', text.replace('secret:acme-token', 'file:acme.key'))
    const refused = world.deploy('--plan')
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /acme\.yaml reads file:acme\.key: use secret:NAME/)
  })

  test('takes away what everybody was granted on the service, unless it checks every caller itself', () => {
    using world = createWorld()
    world.deploy('--yes')
    world.change(({ policies }) => {
      policies['run/services/headrace']?.push({ role: 'roles/run.invoker', members: ['allUsers'] })
    })
    const verify = world.deploy('--plan', '--env', 'HEADRACE_INBOUND=verify')
    assert.match(verify.stdout, /^= roles\/run\.invoker on service headrace/m)
    const { stdout } = world.deploy('--yes')
    assert.match(stdout, /^~ roles\/run\.invoker on service headrace for headrace-call: allUsers has it too$/m)
    const members = world.state().policies['run/services/headrace']?.flatMap((binding) => binding.members)
    assert.deepEqual(members, ['serviceAccount:headrace-call@acme-data.iam.gserviceaccount.com'])
  })

  test('--static-ip gives the service one address that stays, says what it costs, and goes again without it', () => {
    using world = createWorld()
    const plan = world.deploy('--plan', '--static-ip').stdout
    assert.match(plan, /^\+ static address headrace-egress \(3\.65 USD a month; /m)
    assert.match(plan, /^\+ NAT gateway headrace-egress \(1\.02 USD a month for each instance .* 0\.045 USD a GiB\)$/m)
    assert.match(plan, /--network=headrace-egress --subnet=headrace-egress --vpc-egress=all-traffic/)
    world.deploy('--yes', '--static-ip')
    assert.match(lastLine(world.deploy('--plan', '--static-ip').stdout), /^0 to create, 0 to change, 0 to remove/)
    assert.match(world.deploy('--plan').stdout, /^~ service headrace: egress all-traffic, wanted none$/m)
    const gone = world.deploy('--destroy', '--yes').stdout
    assert.match(gone, /^= static address headrace-egress .*holds data$/m)
    assert.match(gone, /^- NAT gateway headrace-egress/m)
  })

  test('makes everything that is missing, in an order in which nothing is used before it is there', () => {
    using world = createWorld()
    const { code, stderr } = world.deploy(
      '--yes',
      '--pubsub',
      '--alert-channel',
      'projects/acme-data/notificationChannels/7',
    )
    assert.equal(code, 0, stderr)
    const { things, policies } = world.state()
    for (const key of [
      'iam/service-accounts/headrace-run',
      'iam/service-accounts/headrace-build',
      'iam/service-accounts/headrace-call',
      'secrets/acme-token',
      'bq/acme',
      'bq/acme__staging',
      'tasks/queues/headrace',
      'run/services/headrace',
      'scheduler/jobs/headrace-acme',
      'pubsub/topics/headrace-dead',
      'pubsub/subscriptions/headrace',
      'logging/metrics/headrace-failed-runs',
    ])
      assert.ok(things[key], `${key} of ${Object.keys(things).join(', ')}`)
    assert.deepEqual(policies['run/services/headrace'], [
      { role: 'roles/run.invoker', members: ['serviceAccount:headrace-call@acme-data.iam.gserviceaccount.com'] },
    ])
    assert.deepEqual(
      Object.values(policies)
        .flatMap((bindings) => bindings.map(({ role }) => role))
        .toSorted(),
      [
        'roles/bigquery.jobUser',
        'roles/cloudtasks.enqueuer',
        'roles/iam.serviceAccountUser',
        'roles/pubsub.publisher',
        'roles/pubsub.subscriber',
        'roles/run.builder',
        'roles/run.invoker',
        'roles/secretmanager.secretAccessor',
      ],
      'nobody may do more',
    )
    assert.match(stderr, /Left to you: acme-token has no value yet: .*gcloud secrets versions add acme-token/)
  })

  test('lets the function save rotated tokens to the one secret that holds them, and to no other', () => {
    using world = createWorld()
    const file = join(world.dir.path, 'clone/connectors/rotating.yaml')
    writeFileSync(
      file,
      `name: rotating
base_url: https://api.acme.example
auth:
  type: oauth2_refresh_token
  token_url: https://auth.acme.example/token
  client_id: acme
  client_secret: secret:acme-client
  refresh_token: secret:acme-refresh
streams: [{ name: orders, path: /orders }]
`,
    )
    const { code, stderr } = world.deploy('--yes')
    assert.equal(code, 0, stderr)
    const { policies } = world.state()
    const rolesOn = (secret: string): readonly string[] => (policies[`secrets/${secret}`] ?? []).map(({ role }) => role)
    const reader = 'roles/secretmanager.secretAccessor'
    assert.deepEqual(rolesOn('acme-refresh'), [reader, 'projects/acme-data/roles/headrace_tokens'])
    assert.deepEqual(rolesOn('acme-client'), [reader])
    assert.match(stderr, /acme-refresh has no tokens yet: headrace connect/)
  })

  test('a second run finds everything as it should be', () => {
    using world = createWorld()
    world.deploy('--yes')
    const { calls } = world.state()
    const { code, stdout } = world.deploy('--yes')
    assert.equal(code, 0)
    assert.match(lastLine(stdout), /^0 to create, 0 to change, 0 to remove, \d+ as it should be$/)
    assert.deepEqual(world.state().calls, calls)
  })

  test('shows what differs, and mends just that', () => {
    using world = createWorld()
    world.deploy('--yes')
    world.change(({ things, policies }) => {
      Object.assign(things['tasks/queues/headrace'] as object, { state: 'PAUSED' })
      const job = things['scheduler/jobs/headrace-acme'] as { schedule: string }
      job.schedule = '0 0 * * *'
      policies['secrets/acme-token'] = []
    })
    const { stdout } = world.deploy('--yes')
    assert.match(stdout, /^~ queue headrace: state PAUSED, wanted RUNNING$/m)
    assert.match(stdout, /^~ schedule headrace-acme .*: schedule 0 0 \* \* \*, wanted 15 \* \* \* \*$/m)
    assert.match(stdout, /^\+ roles\/secretmanager\.secretAccessor on secret acme-token for headrace-run$/m)
    assert.match(lastLine(stdout), /^1 to create, 2 to change, 0 to remove, /)
    assert.match(lastLine(world.deploy('--plan').stdout), /^0 to create, 0 to change, 0 to remove, /)
  })

  test('deploys the service again when a file or a variable has changed, and keeps variables set by hand', () => {
    using world = createWorld()
    world.deploy('--yes')
    world.change(({ things }) => {
      const service = things['run/services/headrace'] as {
        spec: { template: { spec: { containers: { env: object[] }[] } } }
      }
      service.spec.template.spec.containers[0]?.env.push({ name: 'BY_HAND', value: '1' })
    })
    writeFileSync(join(world.dir.path, 'clone/src/function.ts'), 'changed')
    const { stdout } = world.deploy('--yes', '--env', 'HEADRACE_LOG_LEVEL=debug')
    assert.match(stdout, /^~ service headrace: other source files; HEADRACE_LOG_LEVEL not set, wanted debug$/m)
    const text = JSON.stringify(world.state().things['run/services/headrace'])
    assert.match(text, /BY_HAND/)
    assert.match(text, /"HEADRACE_LOG_LEVEL","value":"debug"/)
  })

  test('removes the schedule of a connector that has none any more, and no other job', () => {
    using world = createWorld()
    world.deploy('--yes')
    world.change(({ things }) => {
      things['scheduler/jobs/headrace-other'] = {
        name: 'x/headrace-other',
        httpTarget: { uri: 'https://elsewhere.example/run/other' },
      }
    })
    const file = join(world.dir.path, 'clone/connectors/acme.yaml')
    writeFileSync(file, `name: acme\nbase_url: https://api.acme.example\nstreams: [{ name: orders, path: /orders }]\n`)
    const { stdout } = world.deploy('--yes')
    assert.match(stdout, /^- schedule headrace-acme: no connector has it any more$/m)
    const { things } = world.state()
    assert.equal(things['scheduler/jobs/headrace-acme'], undefined)
    assert.ok(things['scheduler/jobs/headrace-other'])
  })

  test('--destroy leaves nothing but what holds data, and with --with-data not even that', () => {
    using world = createWorld()
    world.deploy('--yes', '--pubsub', '--alert-channel', 'projects/acme-data/notificationChannels/7')
    assert.ok(world.state().things['scheduler/jobs/headrace--watch'])
    // By other flags than it was deployed with.
    const { stdout } = world.deploy('--destroy', '--yes')
    assert.match(stdout, /^= secret acme-token: holds data$/m)
    assert.match(stdout, /^= dataset acme in europe-west4: holds data$/m)
    const left = (): readonly string[] => Object.keys(world.state().things).toSorted()
    assert.deepEqual(left(), ['bq/acme', 'secrets/acme-token', 'tasks/queues/headrace'])
    assert.deepEqual(Object.values(world.state().policies).flat(), [])
    world.deploy('--destroy', '--yes', '--with-data')
    assert.deepEqual(left(), ['tasks/queues/headrace'])
    assert.match(world.deploy('--yes').stdout, /^~ queue headrace: state PAUSED, wanted RUNNING$/m)
  })

  test('a step that fails is said in the words of gcloud, and the next run goes on from there', () => {
    using world = createWorld()
    world.change(({ things }) => (things['iam/service-accounts/headrace-run'] = { name: 'there' }))
    rmSync(join(world.dir.path, 'bin/bq'))
    writeFileSync(
      join(world.dir.path, 'bin/bq'),
      '#!/bin/sh\ncase "$*" in *show*) echo "Not found: Dataset" >&2;; *) echo "BigQuery error: Access Denied" >&2;; esac\nexit 1\n',
      { mode: 0o755 },
    )
    const { code, stderr } = world.deploy('--yes')
    assert.equal(code, 1)
    assert.match(stderr, /BigQuery error: Access Denied \(of: bq /)
    assert.ok(world.state().things['secrets/acme-token'], 'what came before is there')
    assert.equal(world.state().things['run/services/headrace'], undefined)
  })

  test('asks for what is missing in one sentence, and never goes ahead unasked', () => {
    using world = createWorld()
    const { code, stderr } = world.deploy()
    assert.equal(code, 2)
    assert.match(stderr, /look at it with --plan, then run it with --yes/)
    assert.deepEqual(world.state().calls, [])
    rmSync(join(world.dir.path, 'clone/connectors/acme.yaml'))
    assert.match(world.deploy('--plan').stderr, /holds no connector file/)
    writeFileSync(join(world.dir.path, 'clone/connectors/acme.yaml'), 'name: acme\n')
    const wrong = world.deploy('--plan')
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /acme\.yaml:1:1 base_url/)
  })
})
