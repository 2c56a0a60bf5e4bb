import { open } from 'node:fs/promises'
import { SyncError } from '../base/errors.ts'
import { checkConnector } from './checks/index.ts'
import type { ConnectorSubject, SignedStream } from './checks/subject.ts'
import { connectorConfig, type Connector, type StreamConfig } from './connector.ts'
import { defaultsConfig, streamConfig } from './stream.ts'
import { isKeys, mergeDefaults, writtenAt } from './defaults.ts'
import { missingFile } from './find.ts'
import { parseLenient } from './lenient.ts'
import { configError, dataError, type Finding, type Problem, type Report } from './problems.ts'
import { readSource, type Source } from './source.ts'

export { findConnector } from './find.ts'

const maxBytes = 1024 * 1024
/** More than anybody reads at a time; the rest shows when these are fixed. */
const maxProblems = 200

/** Reads and checks a connector file. Throws CONNECTOR_NOT_FOUND, or CONFIG_INVALID with every problem of the file. */
export async function loadConnector(path: string): Promise<Connector> {
  return parseConnector(await readText(path), path)
}

const headSchema = connectorConfig.omit({ streams: true, defaults: true })
const headKeys = Object.keys(connectorConfig.shape)
const streamKeys = Object.keys(streamConfig.shape)
const ownKeys = streamKeys.filter((key) => !(key in defaultsConfig.shape))
const inEachStream = ['into each stream', ownKeys, 0] as const
const inStream = ['further out, into the stream itself', streamKeys, 1] as const
const inConnector = ['further out, at the top of the file', headKeys, 0] as const

/** Checks the text of a connector file, YAML or JSON; `file` is what messages call it. Throws CONFIG_INVALID. */
export function parseConnector(text: string, file: string): Connector {
  return checkSource(readSource(text), (problems) => configError(file, problems), file)
}

/**
 * Checks a connector that a program holds as plain data. Its problems are told by key, as there is no line.
 *
 * @param file What messages call it, and what its relative `file:` secrets stand next to.
 * @throws {SyncError} `CONFIG_INVALID`, with every problem.
 */
export function checkConnectorData(value: unknown, file: string): Connector {
  return checkSource(readSource(toJson(value, file)), (problems) => dataError(file, problems), file)
}

/** What JSON would silently leave out or change is refused. */
function toJson(value: unknown, file: string): string {
  try {
    return (
      JSON.stringify(value, (key, inner: unknown) => {
        const isLost = typeof inner === 'function' || typeof inner === 'symbol' || typeof inner === 'bigint'
        if (isLost || (typeof inner === 'number' && !Number.isFinite(inner)))
          throw new SyncError(
            'CONFIG_INVALID',
            `${file}: ${key}: expected plain data as JSON has it, not ${typeof inner === 'number' ? inner : `a ${typeof inner}`}.`,
          )
        return inner
      }) ?? 'null'
    )
  } catch (cause) {
    if (cause instanceof SyncError) throw cause
    throw new SyncError('CONFIG_INVALID', `${file}: expected plain data, without an object inside itself.`, { cause })
  }
}

function checkSource(source: Source, fail: (problems: readonly Problem[]) => SyncError, file: string): Connector {
  if (!source.readable) throw fail(source.problems.slice(0, maxProblems))
  const findings: Finding[] = []
  const connector = understand(source.value, {
    file,
    report: (path, message, where) => findings.push({ ...where, path, message }),
  })
  const located = findings.slice(0, maxProblems).map((finding) => source.locate(finding))
  const problems = [...source.problems, ...located].slice(0, maxProblems)
  if (problems.length > 0) throw fail(problems)
  return connector
}

interface Reading {
  readonly file: string
  readonly report: Report
}

function understand(value: unknown, { file, report }: Reading): Connector {
  // An editor's `$schema` is for the editor.
  const raw = isKeys(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => key !== '$schema')) : value
  const { streams: rawStreams, defaults, ...rawHead } = isKeys(raw) ? raw : {}
  const head = parseLenient(headSchema, { raw: isKeys(raw) ? rawHead : raw })
  for (const finding of head.findings) report(finding.path, namedTop(finding), finding)
  if (defaults !== undefined) {
    for (const finding of parseLenient(defaultsConfig, {
      raw: defaults,
      elsewhere: [inEachStream, inStream, inConnector],
    }).findings) {
      report(['defaults', ...finding.path], finding.message, finding)
    }
  }
  const hasCredential = isKeys(raw) && namesCredential(raw['auth'])
  const streams = isKeys(raw) ? understandStreams({ rawStreams, defaults, hasCredential }, report) : []
  const { auth, ...rest } = head.value
  const entries = auth === undefined ? undefined : Array.isArray(auth) ? auth : [auth]
  const subject: ConnectorSubject = {
    connector: { ...rest, auth: entries },
    broken: head.broken,
    streams,
    hasCredential: hasCredential || streams.some((stream) => stream.hasCredential),
    report,
  }
  checkConnector(subject)
  // Only where nothing was reported does the caller look at it, and then it is whole.
  return {
    ...rest,
    auth: entries,
    streams: streams.map(({ stream }) => withPath(stream as StreamConfig)),
    file,
  } as Connector
}

/** A stream that does not say where it lies is below `base_url` by its own name. */
const withPath = (stream: StreamConfig): StreamConfig =>
  stream.path === undefined && stream.url === undefined ? { ...stream, path: `/${stream.name}` } : stream

/** At the top, `streams` and `defaults` are known keys too, though they are read apart. */
function namedTop({ path, message, at }: Finding): string {
  return path.length === 1 && at === 'key'
    ? message.replace(/^(unknown key.*?): expected one of /, '$1: expected one of streams, defaults, ')
    : message
}

function understandStreams(
  { rawStreams, defaults, hasCredential }: { rawStreams: unknown; defaults: unknown; hasCredential: boolean },
  report: Report,
): readonly SignedStream[] {
  if (!Array.isArray(rawStreams) || rawStreams.length === 0) {
    const found = rawStreams === undefined ? 'this key is missing: ' : ''
    report(['streams'], `${found}expected a list of at least one stream, such as - {name: orders, path: /orders}`)
    return []
  }
  return rawStreams.map((stream: unknown, index) => {
    const merged = mergeDefaults(stream, defaults)
    const place: Report = (path, message, where) => report(writtenAt(path, { stream, defaults, index }), message, where)
    const { value, broken, findings } = parseLenient(streamConfig, { raw: merged, elsewhere: [inStream, inConnector] })
    for (const finding of findings) place(finding.path, finding.message, finding)
    const own = isKeys(stream) && stream['auth'] !== undefined ? namesCredential(stream['auth']) : hasCredential
    return { stream: value, broken, hasCredential: own, report: place }
  })
}

/** Whether `auth`, as it is written, means any method but none. */
function namesCredential(auth: unknown): boolean {
  if (Array.isArray(auth)) return auth.some(namesCredential)
  return auth !== undefined && auth !== null && !(isKeys(auth) && auth['type'] === 'none')
}

/** At most 1 MiB of UTF-8. */
async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path)
  if (bytes.length > maxBytes)
    throw configError(path, [{ line: 1, column: 1, key: '', message: 'expected a file of at most 1 MiB' }])
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new SyncError('CONFIG_INVALID', `${path} is not valid UTF-8: save it with that encoding.`, { cause })
  }
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    await using file = await open(path)
    const chunks: Buffer[] = []
    // Bounded, as a wrong path may lead to something that never ends.
    for await (const chunk of file.createReadStream({ end: maxBytes, autoClose: false })) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') throw await missingFile(path)
    if (code === 'EISDIR')
      throw new SyncError('CONFIG_INVALID', `${path} is a directory: name the connector file inside it.`, { cause })
    if (code === 'EACCES' || code === 'EPERM') {
      throw new SyncError('CONFIG_INVALID', `${path} cannot be read: allow this user to read it (chmod u+r).`, {
        cause,
      })
    }
    throw new SyncError('CONFIG_INVALID', `${path} cannot be read (${code ?? 'unknown error'}): check the file.`, {
      cause,
    })
  }
}
