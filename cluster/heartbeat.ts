/** What a node says of itself ten times a second, and the checks of what others say. */
import { isTerm } from './term-state.ts'
import { readJson, writeJson } from './wire.ts'

export interface Heartbeat {
  /** Of records and of words between nodes: nodes of different formats do not work together. */
  readonly format: number
  /** Partition and term of each that it leads and has begun to. */
  readonly leads: readonly (readonly [partition: number, term: number])[]
  /** Partitions whose copy here is stopped, or that it just failed to lead. */
  readonly ineligible: readonly number[]
  readonly isDraining: boolean
  /** Somebody reads all partitions in order here. */
  readonly followsAll: boolean
  /** The highest stamp it has seen. */
  readonly stamp: number
  /** The index of the last record applied, a partition; null in most heartbeats. */
  readonly applied: readonly number[] | null
}

/** Bytes of a heartbeat at most, enough for 8,192 partitions. */
export const HEARTBEAT_BYTES = 384 * 1024

export function encodeHeartbeat(heartbeat: Heartbeat): Uint8Array {
  return writeJson(heartbeat)
}

/** Null for what is no heartbeat of a store with so many partitions. */
export function decodeHeartbeat(body: Uint8Array, partitions: number): Heartbeat | null {
  if (body.length > HEARTBEAT_BYTES) return null
  const { format, leads, ineligible, isDraining, followsAll, stamp, applied } = (readJson(body) ?? {}) as Partial<
    Record<keyof Heartbeat, unknown>
  >
  const isPartition = (value: unknown): value is number => isCount(value) && value < partitions
  const isLead = (value: unknown): value is [number, number] =>
    Array.isArray(value) && value.length === 2 && isPartition(value[0]) && isTerm(value[1])
  const isWhole =
    isCount(format) &&
    isListOf(leads, partitions, isLead) &&
    isListOf(ineligible, partitions, isPartition) &&
    typeof isDraining === 'boolean' &&
    typeof followsAll === 'boolean' &&
    isCount(stamp) &&
    (applied === null || (isListOf(applied, partitions, isCount) && applied.length === partitions))
  return isWhole ? { format, leads, ineligible, isDraining, followsAll, stamp, applied } : null
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isListOf<Item>(value: unknown, itemsMost: number, isItem: (item: unknown) => item is Item): value is Item[] {
  return Array.isArray(value) && value.length <= itemsMost && value.every(isItem)
}
