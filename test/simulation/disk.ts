/** A disk of the simulation: what a process wrote without a sync may be gone when it dies, writes may be refused, bytes may change. */
import { assert } from '../../event/assert.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Bytes, ColumnProfile, OwnedKeyValue, Range, Rows, WriteBatch } from '../../store/key-value.ts'
import { openMemory } from '../../store/memory.ts'
import type { Random } from './random.ts'

/** A missing value deletes; `until` deletes a range. */
interface Change<Column extends string> {
  readonly column: Column
  readonly key: Bytes
  readonly value?: Bytes
  readonly until?: Bytes
}

class DiskBatch<Column extends string> implements WriteBatch<Column> {
  readonly changes: Change<Column>[] = []

  get length(): number {
    return this.changes.length
  }

  put(column: Column, key: Bytes, value: Bytes): void {
    this.changes.push({ column, key: Uint8Array.from(key), value: Uint8Array.from(value) })
  }

  delete(column: Column, key: Bytes): void {
    this.changes.push({ column, key: Uint8Array.from(key) })
  }

  clear(): void {
    this.changes.length = 0
  }
}

/** Outlives the processes that open it. */
export class Disk<Column extends string> {
  /** Every write is refused as by a full disk. */
  isFull = false
  /** Writes until the process dies in the middle of one; the write is on disk or not, by chance. Infinity: it does not. */
  writesUntilDeath = Number.POSITIVE_INFINITY
  /** Called when it dies. */
  died: (() => void) | undefined
  writes = 0
  readonly #columns: Readonly<Record<Column, ColumnProfile>>
  readonly #random: Random
  #durable: OwnedKeyValue<Column>
  /** What the running process sees; null while none has it open. */
  #open: DiskKeyValue<Column> | null = null

  constructor(columns: Readonly<Record<Column, ColumnProfile>>, random: Random) {
    this.#columns = columns
    this.#random = random
    this.#durable = openMemory({ columns })
  }

  /** For a process that starts; the one before must have crashed. */
  open(): OwnedKeyValue<Column> {
    assert(this.#open === null, 'one process has a disk open at a time')
    this.#open = new DiskKeyValue(this, this.#copy(this.#durable))
    return this.#open
  }

  get isOpen(): boolean {
    return this.#open !== null
  }

  /** The process is gone: of what was not synced, the first writes remain, by chance how many. */
  crash(): void {
    if (this.#open === null) return
    const { unsynced } = this.#open
    this.keep(unsynced.splice(0, this.#random.below(unsynced.length + 1)))
    this.#open.isGone = true
    this.#open = null
  }

  /** Everything is gone, as when a machine is exchanged. */
  wipe(): void {
    assert(this.#open === null, 'a disk that is open can not be exchanged')
    this.#durable = openMemory({ columns: this.#columns })
  }

  /** Changes one byte of a value, for the running process and for those after it; false when there is no such row. */
  flip(column: Column, row: number): boolean {
    const rows = this.#durable.scan(column, {})
    const [key, value] = [rows.keys[row], rows.values[row]]
    if (key === undefined || value === undefined || value.length === 0) return false
    const flipped = Uint8Array.from(value)
    flipped[this.#random.below(flipped.length)]! ^= 1 << this.#random.below(8)
    const change = [{ column, key, value: flipped }]
    apply(this.#durable, change)
    if (this.#open) apply(this.#open.seen, change)
    return true
  }

  rowsOf(column: Column): number {
    return this.#durable.scan(column, {}).keys.length
  }

  /** Puts changes where they survive. */
  keep(batches: readonly (readonly Change<Column>[])[]): void {
    for (const changes of batches) apply(this.#durable, changes)
  }

  /** Before a write: refuses it, or ends the process in the middle of it. */
  admit(changes: readonly Change<Column>[]): void {
    if (this.isFull) throw new EventStoreError('READ_ONLY', 'no space left on the disk')
    this.writes++
    if (--this.writesUntilDeath > 0) return
    this.writesUntilDeath = Number.POSITIVE_INFINITY
    if (this.#open && this.#random.chance(0.5)) {
      this.keep([...this.#open.unsynced.splice(0), changes])
    }
    this.crash()
    this.died?.()
    throw new EventStoreError('CLOSED', 'the process died in the middle of a write')
  }

  #copy(from: OwnedKeyValue<Column>): OwnedKeyValue<Column> {
    const copy = openMemory<Column>({ columns: this.#columns })
    for (const column of Object.keys(this.#columns) as Column[]) {
      const { keys, values } = from.scan(column, {})
      apply(
        copy,
        keys.map((key, i) => ({ column, key, value: values[i]! })),
      )
    }
    return copy
  }
}

class DiskKeyValue<Column extends string> implements OwnedKeyValue<Column> {
  readonly supports = { durable: true, handles: false }
  readonly handle = undefined
  readonly seen: OwnedKeyValue<Column>
  /** Batches that a crash may take. */
  readonly unsynced: (readonly Change<Column>[])[] = []
  isGone = false
  readonly #disk: Disk<Column>

  constructor(disk: Disk<Column>, seen: OwnedKeyValue<Column>) {
    this.#disk = disk
    this.seen = seen
  }

  get(column: Column, key: Bytes): Bytes | undefined {
    return this.#there().get(column, key)
  }

  getMany(column: Column, keys: readonly Bytes[]): (Bytes | undefined)[] {
    return this.#there().getMany(column, keys)
  }

  scan(column: Column, range: Range): Rows {
    return this.#there().scan(column, range)
  }

  batch(): WriteBatch<Column> {
    this.#there()
    return new DiskBatch<Column>()
  }

  write(batch: WriteBatch<Column>, { sync }: { sync: boolean }): void {
    assert(batch instanceof DiskBatch, 'a batch is written to the disk that made it')
    this.#write([...(batch as DiskBatch<Column>).changes], sync)
  }

  deleteRange(column: Column, gte: Bytes, lt: Bytes): void {
    this.#write([{ column, key: Uint8Array.from(gte), until: Uint8Array.from(lt) }], false)
  }

  #write(changes: readonly Change<Column>[], sync: boolean): void {
    const seen = this.#there()
    this.#disk.admit(changes)
    apply(seen, changes)
    this.unsynced.push(changes)
    if (sync) this.#disk.keep(this.unsynced.splice(0))
  }

  sizeBytes(): number {
    this.#there()
    return 1
  }

  close(): Promise<void> {
    if (!this.isGone) {
      this.#disk.keep(this.unsynced.splice(0))
      this.#disk.crash()
    }
    return Promise.resolve()
  }

  #there(): OwnedKeyValue<Column> {
    if (this.isGone) throw new EventStoreError('CLOSED', 'the database was closed')
    return this.seen
  }
}

function apply<Column extends string>(to: OwnedKeyValue<Column>, changes: readonly Change<Column>[]): void {
  let batch = to.batch()
  for (const { column, key, value, until } of changes) {
    if (until !== undefined) {
      to.write(batch, { sync: false })
      batch = to.batch()
      to.deleteRange(column, key, until)
    } else if (value === undefined) batch.delete(column, key)
    else batch.put(column, key, value)
  }
  if (batch.length > 0) to.write(batch, { sync: false })
}
