/** Snapshots between nodes: a replica asks for the blocks behind a sequence, chunk by chunk and piece by piece, and so holds a bounded amount. */
import type { Bus } from '../../cluster/bus.ts'
import { type Envelopes } from '../../cluster/envelopes.ts'
import { encodeRecord, type LogRecord, RecordReader } from '../../cluster/record.ts'
import { readJson, writeJson } from '../../cluster/wire.ts'
import type { Clock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import { sleep, type Timers } from '../../event/timers.ts'
import { decodeRow } from '../../actors/replication/replica-row.ts'
import type { ShardColumn } from '../../store/index/keys.ts'
import { claimsKey, replicaKey, rowPrefixes } from '../../store/index/keys.ts'
import type { KeyValue } from '../../store/key-value.ts'
import { Block } from '../../store/log/block.ts'
import { blockValue } from '../../store/log/block-values.ts'
import type { LogView } from '../../store/log/log-view.ts'

export const SNAPSHOT = 'snapshot'
/** Of one chunk: what is asked for again when an answer is lost. */
const CHUNK_BYTES = 4 * 1024 * 1024
/** Of one message; with its envelope it fits what NATS takes. */
const PIECE_BYTES = 480 * 1024
const ANSWER_MS = 3_000
/** What a replica asks for at most, so that a node which serves has time for its clients: 64 MB a second. */
const BYTES_PER_MS = 64_000

interface Asked {
  readonly partition: number
  readonly after: number
  readonly piece: number
}

/** Null for what nobody of this version asks. */
function askedOf(body: Uint8Array, partitions: number): Asked | null {
  const { partition, after, piece } = (readJson(body) ?? {}) as Partial<Record<keyof Asked, unknown>>
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
  return isCount(partition) && partition < partitions && isCount(after) && isCount(piece) ? { partition, after, piece } : null
}

export interface SnapshotSource {
  readonly view: LogView
  readonly node: string
  readonly incarnation: string
}

/** Answers other nodes out of this node's own blocks. The answer ends it. */
export function serveSnapshots(source: SnapshotSource, { bus, envelopes }: { bus: Bus; envelopes: Envelopes }): () => void {
  return bus.subscribe(`node.${source.node}.snapshot`, message => {
    const opened = envelopes.open(message.bytes)
    const asked = opened?.kind === SNAPSHOT ? askedOf(opened.body, source.view.partitions) : null
    if (!asked) return
    try {
      const piece = chunkOf(source, asked)[asked.piece]
      if (piece) message.reply(envelopes.seal(SNAPSHOT, piece))
    } catch (error) {
      // Damage here: another replica may be whole.
      if (!(error instanceof EventStoreError)) throw error
    }
  })
}

/** The messages of a chunk; the same as long as nothing was committed meanwhile. */
function chunkOf({ view, node, incarnation }: SnapshotSource, { partition, after }: Asked): readonly Uint8Array[] {
  const { kv, segments } = view.shardOf(partition)
  // First where this node stands, then blocks up to there: the order in which they were written.
  const stored = kv.get('meta', replicaKey(partition))
  const row = stored && decodeRow(stored)
  if (!stored || !row || after > row.sequence) return []
  const blocks: Uint8Array[] = []
  let [bytes, sequence] = [0, after]
  while (sequence < row.sequence && bytes < CHUNK_BYTES) {
    const number = segments.blockOf(partition, sequence + 1)
    const value = number === null ? undefined : blockValue(kv, number)
    if (!value) break
    const block = new Block(number!, value)
    if (block.firstSequence !== sequence + 1) break
    blocks.push(value)
    bytes += value.length
    sequence = block.lastSequence
  }
  const rows: [Uint8Array, Uint8Array][] = [[replicaKey(partition), stored]]
  if (sequence === row.sequence) rows.push(...rowsOf(kv, partition))
  const { index, term, crc: previous, stamp } = row
  const head = {
    kind: 'snapshot',
    partition,
    index,
    term,
    previous,
    stamp,
    sequence: row.sequence,
    cluster: view.storeId,
    node,
    incarnation,
  } as const
  return encodeRecord(head, rows, blocks, PIECE_BYTES).messages
}

function rowsOf(kv: KeyValue<ShardColumn>, partition: number): [Uint8Array, Uint8Array][] {
  const rows: [Uint8Array, Uint8Array][] = []
  for (const prefix of rowPrefixes(partition)) {
    const end = Buffer.from(prefix)
    // The number of the partition is the end of the prefix and below 2¹⁶ − 1.
    end.writeUInt16BE(end.readUInt16BE(1) + 1, 1)
    const { keys, values } = kv.scan('meta', { gte: prefix, lt: end })
    keys.forEach((key, i) => rows.push([key, values[i]!]))
  }
  const claims = kv.get('meta', claimsKey)
  return claims ? [...rows, [claimsKey, claims]] : rows
}

export interface SnapshotAsker {
  readonly bus: Bus
  readonly envelopes: Envelopes
  readonly clock: Clock
  readonly timers: Timers
  /** Whom to ask, best first. */
  readonly sources: (partition: number) => readonly string[]
}

/** Asks the nodes that may have it in turn. UNREACHABLE when none sends a whole chunk. */
export async function fetchSnapshot(asker: SnapshotAsker, partition: number, after: number): Promise<LogRecord> {
  for (const node of asker.sources(partition)) {
    const record = await chunkFrom(asker, node, { partition, after }).catch(() => null)
    if (record?.kind === 'snapshot') return record
  }
  throw new EventStoreError('UNREACHABLE', `no node sends what partition ${partition} lacks behind sequence ${after}`, { partition })
}

async function chunkFrom(asker: SnapshotAsker, node: string, about: { partition: number; after: number }): Promise<LogRecord | null> {
  const { bus, envelopes, clock, timers } = asker
  const reader = new RecordReader()
  const began = clock.monotonic()
  let bytes = 0
  for (let piece = 0; piece < 65_535; piece++) {
    const reply = await bus.request(`node.${node}.snapshot`, envelopes.seal(SNAPSHOT, writeJson({ ...about, piece })), ANSWER_MS)
    const opened = envelopes.open(reply)
    if (opened?.kind !== SNAPSHOT) return null
    bytes += opened.body.length
    const record = reader.add(opened.body)
    if (!record) continue
    const early = bytes / BYTES_PER_MS - (clock.monotonic() - began)
    if (early > 0) await sleep(timers, early)
    return record
  }
  return null
}
