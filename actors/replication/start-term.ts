/** Opens a term: takes all that the shared log holds, then appends `started` behind it, from when on no append of an older term succeeds. */
import { commitRecord, type CommitTools } from '../../cluster/commit.ts'
import { encodeRecord, pieceHead, type RecordHead } from '../../cluster/record.ts'
import type { LogMessage } from '../../cluster/shared-log.ts'
import { sleep } from '../../event/timers.ts'
import type { Replica } from './replica.ts'
import type { ReplicaRow } from './replica-row.ts'
import type { ShardReplicas } from './shard-replicas.ts'

/** Between looks how far the disk is. */
const LOOK_MS = 5
const AGAIN_MS = 50
/** No replica is as many records ahead of another. */
const REPAIR_JUMP = 2 ** 30

/** What the log held last is not less than what this replica has; else why. */
function regression(last: LogMessage | null, row: ReplicaRow): string | null {
  if (row.index === 0) return null
  if (!last) return `the shared log is empty, but record ${row.index} was taken from it`
  const { index } = pieceHead(last.bytes)
  return index < row.index ? `the shared log ends at record ${index}, but record ${row.index} was taken from it` : null
}

/** Null when the term is opened (the record then comes in as others do), else why it is not. */
export async function startTerm(replicas: ShardReplicas, replica: Replica, deadlineMs: number): Promise<string | null> {
  const tools: CommitTools = replicas.parts
  const { clock, timers, stamp } = replicas.parts
  const { partition, claim: term } = replica
  const goesOn = (): boolean => replica.role === 'starting' && replica.claim === term && clock.monotonic() < deadlineMs
  while (goesOn()) {
    // As of the question: by the answer this replica may have what came after it.
    const { row } = replica
    const last = await tools.log.last(partition).catch(() => undefined)
    if (last === undefined) {
      await sleep(timers, AGAIN_MS)
      continue
    }
    const lost = regression(last, row)
    if (lost) {
      replicas.stop(replica, lost)
      return lost
    }
    if (last && pieceHead(last.bytes).term >= term) return `term ${pieceHead(last.bytes).term} has begun`
    const target = last?.sequence ?? 0
    while (goesOn() && replica.row.logSequence < target) await sleep(timers, LOOK_MS)
    if (!goesOn()) break
    const { next } = replica
    // Not what the partition's log says: it may hold events of a group whose outcome is still looked for.
    const { sequence } = next
    const head = { ...replicas.head(replica, { kind: 'started', term, stamp: Math.max(next.stamp + 1, stamp()) }), sequence }
    const refused = await append(replicas, replica, { head, after: target, deadlineMs })
    if (refused !== 'overtaken') return refused
  }
  return 'it was not opened in time'
}

async function append(
  replicas: ShardReplicas,
  replica: Replica,
  { head, after, deadlineMs }: { head: RecordHead; after: number; deadlineMs: number },
): Promise<string | null> {
  const { messages, crc } = encodeRecord(head)
  const { index, partition } = head
  const commitment = await commitRecord(replicas.parts, { partition, after, messages, index, crc, deadlineMs })
  if (commitment.kind === 'unknown') return commitment.reason
  if (commitment.kind === 'overtaken') return commitment.kind
  replica.push({ record: { ...head, crc, bytes: messages[0]!.length, rows: [], blocks: [] }, logSequence: commitment.sequence })
  replicas.parts.wake()
  return null
}

/** Opens a term behind what this replica has, whatever the shared log holds. */
export async function repairTerm(replicas: ShardReplicas, replica: Replica, deadlineMs: number): Promise<string | null> {
  const { log, stamp } = replicas.parts
  const last = await log.last(replica.partition).catch(() => undefined)
  if (last === undefined) return 'the shared log does not answer'
  const { row, claim: term } = replica
  const head = replicas.head(replica, { kind: 'repaired', term, stamp: Math.max(row.stamp + 1, stamp()) })
  const index = Math.max(row.index, replica.seenIndex, indexOf(last)) + REPAIR_JUMP
  // What it stands behind are events, not a record: other replicas may have other records of the same ones.
  const previous = replicas.partitionLog(replica).crc
  const repaired = { ...head, index, previous, sequence: row.sequence }
  return append(replicas, replica, { head: repaired, after: last?.sequence ?? 0, deadlineMs })
}

/** 0 for what can not be read. */
function indexOf(message: LogMessage | null): number {
  try {
    return message ? pieceHead(message.bytes).index : 0
  } catch {
    return 0
  }
}
