/**
 * The witness: a small file beside a database that remembers how far each partition was synced, so that a database that lost its newest files, or its
 * last record, is noticed. Two slots are written in turn, each with a checksum: a write that is torn spoils only the older one.
 */
import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { assert } from '../../event/assert.ts'
import { systemClock } from '../../event/clock.ts'
import type { Clock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import { writeWhole } from '../files.ts'

/** Where the second slot begins; only the bytes in use are written. */
const SLOT_BYTES = 64 * 1024
const HEADER_BYTES = 24
const CHECKSUM_BYTES = 4
const PARTITIONS_MAX = Math.floor((SLOT_BYTES - HEADER_BYTES - CHECKSUM_BYTES) / 8)
/** "ASW1" */
const MAGIC = 0x31575341

export interface Testimony {
  /** One higher with each write. */
  readonly counter: number
  /** Last synced sequence of each partition of the database, in the order its writer chose. */
  readonly sequences: Float64Array
  /** When it was written, in milliseconds since the epoch. */
  readonly time: number
}

/** `missing`: there is no file. `damaged`: no slot can be believed. `halfDamaged`: one slot is unreadable, as after a torn write. */
export type WitnessReading =
  | { readonly state: 'missing' }
  | { readonly state: 'damaged'; readonly file: string }
  | { readonly state: 'good'; readonly testimony: Testimony; readonly halfDamaged: boolean }

export interface Witness {
  read(): WitnessReading
  /** Replaces the older slot. With `sync` it is on disk when this returns. READ_ONLY when the disk refuses. */
  write(sequences: Float64Array, options: { sync: boolean }): void
  close(): void
}

/** Layout of a slot: magic u32, count u32, counter f64, time f64, sequences f64 each, crc32 u32 of all before. */
function encodeSlot(testimony: Testimony): Buffer {
  const { sequences } = testimony
  const end = HEADER_BYTES + sequences.length * 8
  const slot = Buffer.alloc(end + CHECKSUM_BYTES)
  slot.writeUInt32LE(MAGIC, 0)
  slot.writeUInt32LE(sequences.length, 4)
  slot.writeDoubleLE(testimony.counter, 8)
  slot.writeDoubleLE(testimony.time, 16)
  for (const [i, sequence] of sequences.entries()) slot.writeDoubleLE(sequence, HEADER_BYTES + i * 8)
  slot.writeUInt32LE(crc32(slot.subarray(0, end)), end)
  return slot
}

function decodeSlot(slot: Buffer): Testimony | undefined {
  if (slot.length < HEADER_BYTES + CHECKSUM_BYTES || slot.readUInt32LE(0) !== MAGIC) return undefined
  const count = slot.readUInt32LE(4)
  const end = HEADER_BYTES + count * 8
  if (count > PARTITIONS_MAX || slot.length < end + CHECKSUM_BYTES) return undefined
  if (slot.readUInt32LE(end) !== crc32(slot.subarray(0, end))) return undefined
  const sequences = Float64Array.from({ length: count }, (_, i) => slot.readDoubleLE(HEADER_BYTES + i * 8))
  return { counter: slot.readDoubleLE(8), time: slot.readDoubleLE(16), sequences }
}

const slotStart = (counter: number): number => (counter % 2) * SLOT_BYTES

/** The newer of the slots that can be believed. */
export function readWitness(file: string): WitnessReading {
  if (!existsSync(file)) return { state: 'missing' }
  const content = readFileSync(file)
  const slots = [decodeSlot(content.subarray(0, SLOT_BYTES)), decodeSlot(content.subarray(SLOT_BYTES))]
  const [testimony] = slots.filter(slot => slot !== undefined).toSorted((a, b) => b.counter - a.counter)
  if (testimony === undefined) return { state: 'damaged', file }
  return { state: 'good', testimony, halfDamaged: slots.includes(undefined) }
}

/** Both slots whole from the start, so that a file without any can only be a damaged one. */
function make(file: string, testimony: Testimony): void {
  const content = Buffer.alloc(SLOT_BYTES + HEADER_BYTES + testimony.sequences.length * 8 + CHECKSUM_BYTES)
  for (const counter of [testimony.counter - 1, testimony.counter]) encodeSlot({ ...testimony, counter }).copy(content, slotStart(counter))
  writeWhole(file, content)
}

/** Opens the witness for writing; the first write makes the file, which is not there before. */
export function openWitness(file: string, clock: Clock = systemClock): Witness {
  const before = readWitness(file)
  let counter = before.state === 'good' ? before.testimony.counter : 1
  let descriptor = -1

  function write(sequences: Float64Array, options: { sync: boolean }): void {
    assert(sequences.length <= PARTITIONS_MAX, 'a witness holds the partitions of its database')
    try {
      const testimony = { counter: counter + 1, sequences, time: clock.now() }
      if (!existsSync(file)) make(file, testimony)
      else {
        if (descriptor < 0) descriptor = openSync(file, 'r+')
        const slot = encodeSlot(testimony)
        writeSync(descriptor, slot, 0, slot.length, slotStart(testimony.counter))
        if (options.sync) fdatasyncSync(descriptor)
      }
      counter++
    } catch (error) {
      throw new EventStoreError('READ_ONLY', `${file} can not be written: ${(error as Error).message}`, { file }, { cause: error })
    }
  }

  function close(): void {
    if (descriptor >= 0) closeSync(descriptor)
    descriptor = -1
  }

  return { read: () => readWitness(file), write, close }
}
