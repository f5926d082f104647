/** Takes a RocksDB write batch apart: { sequence u64, count u32 }, then changes { tag u8, column id varint, key, value }, lengths as varints. */
import { EventStoreError } from '../../event/error.ts'
import type { Bytes } from '../key-value.ts'

export interface BatchRow {
  readonly kind: 'put' | 'delete' | 'deleteRange'
  /** 0 is RocksDB's `default`; see `columnOfId`. */
  readonly columnId: number
  readonly key: Bytes
  /** Of a put its value, of a deleteRange the key it ends before, of a delete empty. */
  readonly value: Bytes
}

export interface BatchRows {
  readonly sequence: number
  readonly rows: readonly BatchRow[]
}

/** Tags of the changes that this store makes; odd ones without a column are of the `default` column. */
const tags: ReadonlyMap<number, { readonly kind: BatchRow['kind']; readonly column: boolean }> = new Map([
  [0x00, { kind: 'delete', column: false }],
  [0x01, { kind: 'put', column: false }],
  [0x04, { kind: 'delete', column: true }],
  [0x05, { kind: 'put', column: true }],
  [0x0e, { kind: 'deleteRange', column: true }],
  [0x0f, { kind: 'deleteRange', column: false }],
])
const NOOP = 0x0d
const HEADER_BYTES = 12
const NO_BYTES = new Uint8Array(0)

class Cursor {
  readonly #bytes: Uint8Array
  at = HEADER_BYTES

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  byte(): number {
    const byte = this.#bytes[this.at++]
    if (byte === undefined) throw unreadable('it ends early')
    return byte
  }

  varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
    throw unreadable('a number is too long')
  }

  slice(): Bytes {
    const length = this.varint()
    const start = this.at
    this.at += length
    if (this.at > this.#bytes.length) throw unreadable('it ends early')
    return this.#bytes.subarray(start, this.at)
  }
}

const unreadable = (why: string): EventStoreError => new EventStoreError('DAMAGED', `a write batch can not be read: ${why}`)

/** The changes of a batch in order. Keys and values are views of `batch`. DAMAGED when it is not a batch of this store. */
export function readWriteBatch(batch: Uint8Array): BatchRows {
  if (batch.length < HEADER_BYTES) throw unreadable('it is too short')
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength)
  const count = view.getUint32(8, true)
  const cursor = new Cursor(batch)
  const rows: BatchRow[] = []
  while (cursor.at < batch.length) {
    const tag = cursor.byte()
    if (tag === NOOP) continue
    const change = tags.get(tag)
    if (change === undefined) throw unreadable(`a change has the unknown tag ${tag}`)
    const columnId = change.column ? cursor.varint() : 0
    const key = cursor.slice()
    rows.push({ kind: change.kind, columnId, key, value: change.kind === 'delete' ? NO_BYTES : cursor.slice() })
  }
  if (rows.length !== count) throw unreadable(`it holds ${rows.length} changes and says ${count}`)
  return { sequence: Number(view.getBigUint64(0, true)), rows }
}

/** RocksDB numbers columns in the order they were made: `default` is 0, then those given to `openRocks`; undefined for the default. */
export function columnOfId<Column extends string>(columns: Readonly<Record<Column, unknown>>, columnId: number): Column | undefined {
  return (Object.keys(columns) as Column[])[columnId - 1]
}
