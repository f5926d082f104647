/** What a person should do after each error, and the exit code a script sees. */
import { type ErrorCode, type ErrorDetails, EventStoreError, errorCodes } from '../../event/error.ts'

interface Circumstances {
  readonly details: ErrorDetails
  readonly directory: string
  /** The command's name, or null when the line named none. */
  readonly command: string | null
  /** Where each setting came from. */
  readonly origins: ReadonlyMap<string, string>
}

/** Every code answers, or this does not compile. */
const nextSteps: Record<ErrorCode, (about: Circumstances) => string | null> = {
  WRONG_EXPECTED_VERSION: ({ details: { stream, actual } }) =>
    `see what came in between (allsource read ${wordOf(stream, '<stream>')} --backwards), then append with --expected ${wordOf(actual, '<version>')}`,
  CONDITION_FAILED: () => 'read again from the position above, decide anew, and append on that condition',
  DUPLICATE_ID: () => 'give each event an id of its own; the same request sent again whole is answered as the first time',
  PARTITION_KEY_MISMATCH: () => 'use the partition key the stream began with',
  STREAM_NOT_FOUND: () => 'allsource read --all --limit 20 shows which streams there are; a stream begins with its first append',
  NOT_FOUND: notFound,
  STREAM_DELETED: () => 'append to a stream of another name',
  INVALID: invalid,
  TOO_LARGE: () => 'send less at once, or raise it under limits in allsource.json',
  UNAUTHENTICATED: () => 'give credentials the node knows',
  FORBIDDEN: () => 'streams that begin with $ are the system’s: choose another name',
  BUSY: () => 'try again in a moment; nothing was stored',
  QUOTA: () => 'try again later, or more slowly',
  NOT_LEADER: () => 'ask the node that is named above',
  UNKNOWN_OUTCOME: () => 'it may be stored: read the stream, or send it again with the same ids',
  READ_ONLY: () => 'make room on the disk or the directory writable, then open the store again',
  DAMAGED: damaged,
  LOCKED: locked,
  INCOMPATIBLE: incompatible,
  UNREACHABLE: () => 'see whether the node runs: allsource start',
  CLOSED: () => 'try again when the node is open',
}

/** Commands that name a topology. */
const ofDeployed = /^(?:undeploy|pause|resume|drain|rescale|dead-letters .*)$/

function invalid({ command, details }: Circumstances): string {
  if (command === null) return 'allsource --help lists the commands'
  const isTopology = Array.isArray(details['findings']) || Array.isArray(details['issues'])
  return isTopology
    ? 'allsource lint <file> names every mistake with its place'
    : `allsource ${command} --help shows what it takes, with examples`
}

function wordOf(detail: unknown, unknown: string): string {
  return typeof detail === 'string' || typeof detail === 'number' ? String(detail) : unknown
}

function notFound({ details, directory, command }: Circumstances): string | null {
  if (details['directory'] !== undefined)
    return `allsource start --data ${directory} makes one, and so does allsource append; or say where it is with --data DIR`
  if (command === 'dead-letters show')
    return 'allsource dead-letters list <topology> lists their ids; allsource topologies what is deployed'
  if (command !== null && ofDeployed.test(command)) return 'allsource topologies lists what is deployed'
  if (command?.startsWith('cluster') && details['cluster'] === null)
    return 'allsource start --cluster nats://host:4222 --node n1 makes it one of a cluster; --url asks another node'
  if (command?.startsWith('cluster')) return 'allsource cluster members lists the nodes, allsource cluster placement the partitions'
  if (command?.startsWith('state')) return 'allsource topologies lists what is deployed; allsource state list <projection> lists its keys'
  return null
}

function damaged({ details, directory }: Circumstances): string {
  const copy = 'copy the directory before anything else'
  if (Array.isArray(details['damage'])) return `${copy}; what is not named above can be read`
  return `${copy}; then restore a backup, or let allsource start --data ${directory} --accept-loss open with what is whole and list what is lost`
}

function locked({ details }: Circumstances): string {
  const pid = wordOf(details['pid'], '')
  return pid === '' ? 'stop the process that holds it, and try again' : `stop process ${pid} (kill ${pid}), or wait until it is done`
}

function incompatible({ origins }: Circumstances): string {
  const fixed = ['partitions', 'shards'].flatMap(key => (origins.has(key) ? [`${key} from ${origins.get(key)!}`] : []))
  return fixed.length > 0
    ? `leave out ${fixed.join(' and ')}: an existing store knows its own`
    : 'use the version of allsource that made the store; UPGRADING.md says how to move'
}

export interface Failure {
  readonly code: string
  readonly message: string
  readonly details: unknown
  readonly next: string | null
  readonly exit: number
}

/** A failure that has no code is a defect of ours: shown whole, exit 1. */
export function failureOf(error: unknown, circumstances: Omit<Circumstances, 'details'>): Failure {
  if (error instanceof EventStoreError) {
    const { code, message, details } = error
    return { code, message, details, next: nextSteps[code]({ ...circumstances, details }), exit: errorCodes[code].exit }
  }
  const whole = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return {
    code: 'UNEXPECTED',
    message: error instanceof Error ? error.message : whole,
    details: { stack: whole },
    next: 'this is a defect of allsource: please report it with the lines above',
    exit: 1,
  }
}
