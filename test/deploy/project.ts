import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cliPath, makeTempDir, plainEnv, type TempDir } from '../cli/support.ts'
import { spawnSync } from 'node:child_process'
import type { FakeProject } from './fake-gcloud.ts'

/** A clone to deploy from, and a project to deploy to, with `gcloud` and `bq` that know only this project. */
export interface World extends Disposable {
  readonly dir: TempDir
  /** What the project holds now. */
  state(): FakeProject
  /** Changes the project behind the deployment's back. */
  change(edit: (state: FakeProject) => void): void
  /** Runs `headrace deploy`; resolves with what it printed. */
  deploy(...flags: readonly string[]): {
    readonly code: number | null
    readonly stdout: string
    readonly stderr: string
  }
}

const connector = `name: acme
base_url: https://api.acme.example
auth:
  type: bearer
  token: secret:acme-token
schedule: { cron: "15 * * * *", time_zone: Europe/Berlin }
streams:
  - name: orders
    path: /orders
    primary_key: [id]
`

export function createWorld(): World {
  const dir = makeTempDir()
  const clone = join(dir.path, 'clone')
  const bin = join(dir.path, 'bin')
  const statePath = join(dir.path, 'project.json')
  for (const path of [clone, bin, join(clone, 'src'), join(clone, 'connectors')]) mkdirSync(path, { recursive: true })
  writeFileSync(join(clone, 'package.json'), '{}')
  writeFileSync(join(clone, 'src/function.ts'), '')
  writeFileSync(join(clone, 'connectors/acme.yaml'), connector)
  writeFileSync(statePath, JSON.stringify({ calls: [], apis: [], things: {}, policies: {} } satisfies FakeProject))
  for (const program of ['gcloud', 'bq']) {
    const path = join(bin, program)
    const fake = join(import.meta.dirname, 'fake-gcloud.ts')
    writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${fake}' '${statePath}' ${program} "$@"\n`)
    chmodSync(path, 0o755)
  }
  const state = (): FakeProject => JSON.parse(readFileSync(statePath, 'utf8')) as FakeProject
  return {
    dir,
    state,
    change(edit) {
      const now = state()
      edit(now)
      writeFileSync(statePath, JSON.stringify(now))
    },
    deploy(...flags) {
      const args = [cliPath, 'deploy', '--project', 'acme-data', '--region', 'europe-west4', ...flags]
      const env = { ...plainEnv, PATH: `${bin}:${process.env['PATH']}` }
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: clone, env, encoding: 'utf8' })
      return { code: status, stdout, stderr }
    },
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  }
}
