import { loadedAtColumn, runIdColumn } from '../../schema/system-columns.ts'
import type { Column } from '../../schema/types.ts'
import type { Merge } from './merge-sql.ts'
import { type Keys, matchKeys, orderColumn, selectRows, selectUnique, seqColumn, type Source } from './rows-sql.ts'
import type { SliceWrites } from './slices-sql.ts'
import { listNames, type Parameter, quoteName, type Sql } from './sql.ts'

/** What the fence says where another run has committed meanwhile. */
export const staleCursor = 'headrace: stale cursor'

/** What becomes of the staged rows. `columns` are those of the target with their live types. */
export type Write =
  | { readonly kind: 'append'; readonly target: Target; readonly sources: readonly Source[] }
  | { readonly kind: 'collect'; readonly target: Target; readonly sources: readonly Source[] }
  | { readonly kind: 'statements'; readonly statements: readonly string[] }
  | { readonly kind: 'merge'; readonly target: Target; readonly sources: readonly Source[]; readonly merge: Merge }
  | {
      readonly kind: 'replace'
      readonly target: Target
      readonly sources: readonly Source[]
      readonly keys: Keys | undefined
      /** The table is made again, as neither its types nor its partitions can become those that are wanted: how it is laid out. */
      readonly rebuild: Rebuild | undefined
      /** The rows, where they are not just those of the sources, one of each key; with columns of our own beside theirs. */
      readonly rows?: { readonly select: string; readonly own: readonly string[] } | undefined
      /** A statement that fails where the table would shrink by too much. */
      readonly guard?: string | undefined
    }

type Replace = Extract<Write, { kind: 'replace' }>

export interface Rebuild {
  /** The clauses of the new table. */
  readonly layout: string
  /** BigQuery puts no table in the place of one that is partitioned otherwise: the old one goes first. */
  readonly drops: boolean
}

export interface Target {
  readonly table: string
  readonly columns: readonly Column[]
}

export interface Commit {
  readonly seq: number
  /** JSON. */
  readonly checkpoint: string
  readonly rows: number
}

export interface CommitPlan {
  readonly log: string
  readonly stream: string
  readonly runId: string
  /** RFC 3339. */
  readonly loadedAt: string
  /** In order, without a gap. */
  readonly commits: readonly Commit[]
  /** Rows that earlier runs brought; `filter` is what a table that wants its partitions named must hear. */
  readonly retract?: Retract | undefined
  readonly write?: Write | undefined
  readonly slices?: SliceWrites | undefined
  readonly rejects?: { readonly table: string; readonly staged: readonly { table: string; seq: number }[] } | undefined
}

export interface Retract {
  readonly table: string
  readonly runs: readonly string[]
  readonly filter?: readonly string[]
}

/**
 * The script that makes rows and checkpoint durable, all or nothing: the fence, what is taken back, the rows, what was
 * refused, the rows of the log. No statement of it is DDL, which BigQuery does not roll back, but for a table that is
 * made again: that stands before the transaction, and is done again where the transaction never came.
 */
export function createCommitScript(plan: CommitPlan): Sql {
  const { write } = plan
  const rebuild = write?.kind === 'replace' ? write.rebuild : undefined
  const statements = [
    ...(write?.kind === 'merge' ? (write.merge.declarations ?? []) : []),
    ...(write?.kind === 'replace' && rebuild ? [fence(plan), ...guardOf(write), ...rebuildTable(write, rebuild)] : []),
    'BEGIN TRANSACTION',
    fence(plan),
    ...(plan.retract ? [retractRuns(plan.retract)] : []),
    ...(write && !rebuild ? writeRows(write) : []),
    ...insertRejects(plan),
    ...(plan.slices?.statements ?? []),
    insertCommits(plan),
    'COMMIT TRANSACTION',
  ]
  return { query: `${statements.join(';\n')};\n`, parameters: toParameters(plan) }
}

const guardOf = ({ guard }: Replace): readonly string[] => (guard === undefined ? [] : [guard])

function fence({ log }: CommitPlan): string {
  return `SELECT IF((SELECT IFNULL(MAX(seq), 0) FROM ${log} WHERE stream = @stream) = @seq - 1, 1, ERROR('${staleCursor}'))`
}

function writeRows(write: Write): readonly string[] {
  if (write.kind === 'statements') return write.statements
  const { kind, target, sources } = write
  const names = [...target.columns.map(({ name }) => name), runIdColumn, loadedAtColumn]
  switch (kind) {
    case 'append':
      return [insert(target, names, selectRows(sources, target.columns))]
    case 'collect': {
      const all = [...names, seqColumn, orderColumn]
      return [insert(target, all, selectRows(sources, target.columns, { ordered: true }))]
    }
    case 'merge':
      return [...(write.merge.preparations ?? []), mergeRows(target, names, write)]
    case 'replace': {
      const all = [...names, ...(write.rows?.own ?? [])]
      return [
        ...guardOf(write),
        `TRUNCATE TABLE ${target.table}`,
        ...(sources.length > 0 ? [insert(target, all, selectReplacing(write, all))] : []),
      ]
    }
  }
}

/** The rows of all sources; of those with one key only the one that stays. */
function selectAll(sources: readonly Source[], columns: readonly Column[], keys: Keys | undefined): string {
  return keys
    ? selectUnique(selectRows(sources, columns, { ordered: true }), columns, keys)
    : selectRows(sources, columns)
}

function insert(target: Target, names: readonly string[], select: string): string {
  return `INSERT INTO ${target.table} (${listNames(names)})\n${select}`
}

function mergeRows(target: Target, names: readonly string[], { sources, merge }: Extract<Write, { kind: 'merge' }>) {
  const { keys, bounds, clauses, using } = merge
  return [
    `MERGE INTO ${target.table} AS T`,
    `USING (${using ?? selectAll(sources, target.columns, keys)}) AS S`,
    `ON ${[matchKeys(keys, target.columns), ...bounds].join(' AND ')}`,
    ...clauses({ columns: names }),
  ].join('\n')
}

function retractRuns({ table, filter = [] }: Retract): string {
  const where = [...filter, `${quoteName(runIdColumn)} IN UNNEST(@retract)`]
  return `DELETE FROM ${table} AS T WHERE ${where.join(' AND ')}`
}

function selectReplacing({ target, sources, keys, rows }: Replace, names: readonly string[]): string {
  return `SELECT ${listNames(names)} FROM (${rows?.select ?? selectAll(sources, target.columns, keys)})`
}

function rebuildTable(write: Replace, { layout, drops }: Rebuild): readonly string[] {
  const { target } = write
  const names = [...target.columns.map(({ name }) => name), runIdColumn, loadedAtColumn, ...(write.rows?.own ?? [])]
  const create = `CREATE OR REPLACE TABLE ${target.table} ${layout} AS ${selectReplacing(write, names)}`
  return [...(drops ? [`DROP TABLE IF EXISTS ${target.table}`] : []), create]
}

function insertRejects({ rejects }: CommitPlan): readonly string[] {
  return (rejects?.staged ?? []).map(
    ({ table, seq }) => `INSERT INTO ${rejects?.table} (stream, seq, run_id, reason, ${quoteName('row')}, rejected_at)
SELECT @stream, ${seq}, @run_id, reason, ${quoteName('row')}, CURRENT_TIMESTAMP() FROM ${table}`,
  )
}

function insertCommits({ log, commits }: CommitPlan): string {
  const values = commits.map(
    ({ seq, rows }) => `(@stream, ${seq}, @run_id, PARSE_JSON(@checkpoint_${seq}), ${rows}, CURRENT_TIMESTAMP())`,
  )
  return `INSERT INTO ${log} (stream, seq, run_id, checkpoint, ${quoteName('rows')}, committed_at)
VALUES ${values.join(', ')}`
}

function toParameters({ stream, runId, loadedAt, commits, retract, slices }: CommitPlan): Sql['parameters'] {
  const checkpoints = commits.map(({ seq, checkpoint }): [string, Parameter] => [
    `checkpoint_${seq}`,
    { type: 'STRING', value: checkpoint },
  ])
  return {
    stream: { type: 'STRING', value: stream },
    seq: { type: 'INT64', value: String(commits[0]?.seq ?? 0) },
    run_id: { type: 'STRING', value: runId },
    loaded_at: { type: 'STRING', value: loadedAt },
    ...Object.fromEntries(checkpoints),
    ...slices?.parameters,
    ...(retract && { retract: { type: 'STRING', value: retract.runs } as const }),
  }
}
