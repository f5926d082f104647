/** What a replica knows of the shared log of a partition: one row beside its blocks, written in the same batch. */
import type { Stamp } from '../../event/event.ts'

export interface ReplicaRow {
  /** Of the last record taken; 0 before the first. */
  readonly index: number
  readonly term: number
  readonly crc: number
  /** Number of that record in the shared log. */
  readonly logSequence: number
  /** Later events have a higher one. */
  readonly stamp: Stamp
  /** Sequence of the last event. */
  readonly sequence: number
  /** Node that leads the term. */
  readonly leader: string
}

export const noRow: ReplicaRow = { index: 0, term: 0, crc: 0, logSequence: 0, stamp: 0, sequence: 0, leader: '' }

const FIXED_BYTES = 48

export function encodeRow(row: ReplicaRow): Buffer {
  const leader = Buffer.from(row.leader)
  const value = Buffer.allocUnsafe(FIXED_BYTES + leader.length)
  value.writeDoubleLE(row.index, 0)
  value.writeDoubleLE(row.term, 8)
  value.writeDoubleLE(row.logSequence, 16)
  value.writeDoubleLE(row.stamp, 24)
  value.writeDoubleLE(row.sequence, 32)
  value.writeUInt32LE(row.crc, 40)
  value.writeUInt32LE(0, 44)
  value.set(leader, FIXED_BYTES)
  return value
}

/** Null when it is too short to be one. */
export function decodeRow(bytes: Uint8Array): ReplicaRow | null {
  if (bytes.length < FIXED_BYTES) return null
  const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return {
    index: value.readDoubleLE(0),
    term: value.readDoubleLE(8),
    logSequence: value.readDoubleLE(16),
    stamp: value.readDoubleLE(24),
    sequence: value.readDoubleLE(32),
    crc: value.readUInt32LE(40),
    leader: value.toString('utf8', FIXED_BYTES),
  }
}
