/**
 * Windows on disk: a row for each cell that changed in an epoch, in the order of places and keys, rows for chunks of large cells and marks of
 * windows, and what they mean.
 */
import { isDeepStrictEqual } from 'node:util'
import { EventStoreError } from '../../event/error.ts'
import { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import { KeyBytes, KeyReader } from '../keyed/key-bytes.ts'
import type { StepContext } from '../operator.ts'
import type { AggregateUses } from './window-uses.ts'
import type { KeyValue } from './window-keys.ts'

/** What the rows of a step were computed with; rows of another shape can not be gone on with. */
export interface WindowShape {
  readonly aggregate: AggregateUses
  readonly key: readonly string[]
  /** Whatever else decides what the rows mean, under any name; an option that is not at work is left out. */
  readonly [option: string]: unknown
}

export interface SavedCell {
  /** Start of the window, or another number that tells it from others of the same key. */
  readonly place: number
  readonly key: readonly KeyValue[]
  readonly rowKey: Uint8Array
  readonly bytes: Uint8Array
}

/** One of the parts of a large cell. */
export interface SavedChunk {
  readonly aggregate: number
  readonly chunk: number
  readonly bytes: Uint8Array
}

/** All but the key, which shows with the first page. */
export type SavedShape = Readonly<Record<string, unknown>>

export interface Saved {
  readonly key: readonly string[] | undefined
  /** Places of windows that were marked. */
  readonly marks: readonly number[]
}

/** Cells and chunks under keys that do not sort: read once and written anew. */
const unsortedCell = 0
const unsortedChunk = 1
const shapeRow = Uint8Array.of(2)
const markRow = 3
const cellRow = 4
const chunkRow = 5

/** Where the key of a cell begins in the key of its row: behind the kind and the place. */
export const keyAt = 10

export class WindowState {
  readonly #context: StepContext
  readonly #writer = new ByteWriter()
  readonly #bytes = new KeyBytes()
  /** Chunks of cells in memory, by the keys of their rows. */
  readonly #chunks = new Map<string, Omit<SavedChunk, 'bytes'>[]>()
  #savedShape: WindowShape | undefined

  constructor(context: StepContext) {
    this.#context = context
  }

  /** What the rows mean; INCOMPATIBLE when the step now computes something else under the same id. */
  open(shape: SavedShape): Saved {
    const { state } = this.#context
    const saved = state.get(shapeRow)
    if (saved !== undefined) this.#savedShape = JSON.parse(new ByteReader(saved).text()) as WindowShape
    this.#refuseOtherShape(shape)
    const marks: number[] = []
    for (const [row] of state.rows(Uint8Array.of(markRow))) {
      const reader = new ByteReader(row)
      reader.byte()
      marks.push(reader.number())
    }
    this.#sort()
    return { key: this.#savedShape?.key, marks }
  }

  /** Rows of this lane that versions before wrote. */
  #sort(): void {
    const { state } = this.#context
    for (const kind of [unsortedCell, unsortedChunk])
      for (const [row, bytes] of state.rows(Uint8Array.of(kind))) {
        const reader = new ByteReader(row)
        reader.byte()
        const [place, key] = [reader.number(), JSON.parse(reader.text()) as KeyValue[]]
        if (!this.#owns(key)) continue
        if (kind === unsortedCell) state.put(this.rowKey(place, key), bytes)
        else state.put(this.#chunkKey(place, key, { aggregate: reader.integer(), chunk: reader.integer() }), bytes)
        state.delete(row)
      }
  }

  #refuseOtherShape(shape: SavedShape): void {
    if (this.#savedShape === undefined) return
    const { key: _, ...saved } = this.#savedShape
    if (isDeepStrictEqual(saved, JSON.parse(JSON.stringify(shape)))) return
    const { step } = this.#context
    const message = `step ${step}: its saved windows were computed with other options; give it another id`
    throw new EventStoreError('INCOMPATIBLE', message, { step, saved, now: shape })
  }

  #owns(key: readonly KeyValue[]): boolean {
    return this.#context.owns?.(this.#savedShape?.key ?? [], key) !== false
  }

  rowKey(place: number, key: readonly KeyValue[]): Uint8Array {
    return this.#bytes.begin(cellRow).number(place).key(key).take()
  }

  /** Cells of this lane by place and key; of one place, or all. */
  *cells(place?: number): Generator<SavedCell> {
    const columns = this.#savedShape?.key.length ?? 0
    const begin = this.#bytes.begin(cellRow)
    for (const [rowKey, bytes] of this.#context.state.rows((place === undefined ? begin : begin.number(place)).take())) {
      const reader = new KeyReader(rowKey)
      const at = reader.value() as number
      const key = reader.key(columns)
      if (this.#owns(key)) yield { place: at, key, rowKey, bytes }
    }
  }

  /** The least place at which there are cells, above another. */
  nextPlace(place: number): number | undefined {
    // No value of a key begins with so large a byte.
    const behind = this.#bytes.begin(cellRow).number(place).end().take()
    for (const [rowKey] of this.#context.state.rows(Uint8Array.of(cellRow), behind)) return new KeyReader(rowKey).value() as number
    return undefined
  }

  /** Cells as they were written, undefined where there is none. */
  getMany(rowKeys: readonly Uint8Array[]): readonly (Uint8Array | undefined)[] {
    return this.#context.state.getMany(rowKeys)
  }

  /** The chunks of a cell, in order. */
  chunksOf(place: number, key: readonly KeyValue[]): SavedChunk[] {
    const chunks: SavedChunk[] = []
    const prefix = this.#bytes.begin(chunkRow).number(place).key(key).take()
    for (const [row, bytes] of this.#context.state.rows(prefix)) {
      const reader = new KeyReader(row, prefix.length)
      chunks.push({ aggregate: reader.integer(), chunk: reader.integer(), bytes })
    }
    return chunks
  }

  /** The chunks of a cell that comes into memory; they are deleted with it. */
  takeChunks(place: number, key: readonly KeyValue[]): SavedChunk[] {
    const chunks = this.chunksOf(place, key)
    if (chunks.length > 0)
      this.#chunks.set(
        nameOf(this.rowKey(place, key)),
        chunks.map(({ aggregate, chunk }) => ({ aggregate, chunk })),
      )
    return chunks
  }

  /** A cell leaves memory, and stays on disk. */
  forgetChunks(rowKey: Uint8Array): void {
    if (this.#chunks.size > 0) this.#chunks.delete(nameOf(rowKey))
  }

  /** Written once, before the first cell. */
  saveShape(shape: WindowShape): void {
    if (this.#savedShape !== undefined) return
    this.#savedShape = shape
    this.#writer.text(JSON.stringify(shape))
    this.#context.state.put(shapeRow, this.#writer.take())
  }

  saveCell(rowKey: Uint8Array, bytes: Uint8Array): void {
    this.#context.state.put(rowKey, bytes)
  }

  saveChunk({ place, key, rowKey }: Omit<SavedCell, 'bytes'>, { aggregate, chunk, bytes }: SavedChunk): void {
    const name = nameOf(rowKey)
    const known = this.#chunks.get(name)
    if (known === undefined) this.#chunks.set(name, [{ aggregate, chunk }])
    else known.push({ aggregate, chunk })
    this.#context.state.put(this.#chunkKey(place, key, { aggregate, chunk }), bytes)
  }

  deleteCell(place: number, key: readonly KeyValue[]): void {
    const rowKey = this.rowKey(place, key)
    this.#context.state.delete(rowKey)
    if (this.#chunks.size === 0) return
    const name = nameOf(rowKey)
    for (const chunk of this.#chunks.get(name) ?? []) this.#context.state.delete(this.#chunkKey(place, key, chunk))
    this.#chunks.delete(name)
  }

  /** Removes the cells of this lane at a place, with their chunks. */
  deletePlace(place: number): void {
    for (const { rowKey } of this.cells(place)) this.#context.state.delete(rowKey)
    const columns = this.#savedShape?.key.length ?? 0
    for (const [row] of this.#context.state.rows(this.#bytes.begin(chunkRow).number(place).take())) {
      const reader = new KeyReader(row)
      reader.value()
      if (this.#owns(reader.key(columns))) this.#context.state.delete(row)
    }
  }

  /** A mark on a window, beside its cells: that its results have left. */
  mark(place: number): void {
    this.#context.state.put(this.#markKey(place), new Uint8Array(0))
  }

  unmark(place: number): void {
    this.#context.state.delete(this.#markKey(place))
  }

  #markKey(place: number): Uint8Array {
    this.#writer.byte(markRow)
    this.#writer.number(place)
    return this.#writer.take()
  }

  #chunkKey(place: number, key: readonly KeyValue[], { aggregate, chunk }: Omit<SavedChunk, 'bytes'>): Uint8Array {
    return this.#bytes.begin(chunkRow).number(place).key(key).integer(aggregate).integer(chunk).take()
  }
}

function nameOf(rowKey: Uint8Array): string {
  return Buffer.from(rowKey.buffer, rowKey.byteOffset, rowKey.byteLength).toString('latin1')
}
