/** Windows on disk: a row for each cell that changed in an epoch, rows for chunks of large cells and marks of windows, and what they mean. */
import { isDeepStrictEqual } from 'node:util'
import { EventStoreError } from '../../event/error.ts'
import { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import type { StepContext, StepState } from '../operator.ts'
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
  readonly bytes: Uint8Array
  readonly chunks: readonly SavedChunk[]
}

export interface SavedChunk {
  readonly aggregate: number
  readonly chunk: number
  readonly bytes: Uint8Array
}

/** All but the key, which shows with the first page. */
export type SavedShape = Readonly<Record<string, unknown>>

export interface Saved {
  readonly key: readonly string[] | undefined
  readonly cells: readonly SavedCell[]
  /** Places of windows that were marked. */
  readonly marks: readonly number[]
}

const cellRow = 0
const chunkRow = 1
const shapeRow = Uint8Array.of(2)
const markRow = 3

const encoder = new TextEncoder()

export class WindowState {
  readonly #state: StepState
  readonly #writer = new ByteWriter()
  readonly #chunks = new Map<string, SavedChunk[]>()
  #savedShape: WindowShape | undefined

  constructor(state: StepState) {
    this.#state = state
  }

  /** Reads all rows; INCOMPATIBLE when the step now computes something else under the same id. */
  load(shape: SavedShape, context: StepContext): Saved {
    const cells: Omit<SavedCell & { name: string }, 'chunks'>[] = []
    const marks: number[] = []
    for (const [row, bytes] of this.#state.rows()) {
      const reader = new ByteReader(row)
      const kind = reader.byte()
      if (kind === shapeRow[0]) {
        this.#savedShape = JSON.parse(new ByteReader(bytes).text()) as WindowShape
        continue
      }
      const place = reader.number()
      if (kind === markRow) {
        marks.push(place)
        continue
      }
      const text = reader.text()
      const name = `${place} ${text}`
      if (kind === cellRow) cells.push({ name, place, key: JSON.parse(text) as KeyValue[], bytes })
      else this.#noteChunk(name, { aggregate: reader.integer(), chunk: reader.integer(), bytes })
    }
    this.#refuseOtherShape(shape, context)
    const saved = cells.map(({ name, ...cell }) => ({ ...cell, chunks: this.#chunks.get(name) ?? [] }))
    return { key: this.#savedShape?.key, cells: saved, marks }
  }

  #refuseOtherShape(shape: SavedShape, context: StepContext): void {
    if (this.#savedShape === undefined) return
    const { key: _, ...saved } = this.#savedShape
    if (isDeepStrictEqual(saved, JSON.parse(JSON.stringify(shape)))) return
    throw new EventStoreError(
      'INCOMPATIBLE',
      `step ${context.step}: its saved windows were computed with other options; give it another id`,
      {
        step: context.step,
        saved,
        now: shape,
      },
    )
  }

  /** Written once, before the first cell. */
  saveShape(shape: WindowShape): void {
    if (this.#savedShape !== undefined) return
    this.#savedShape = shape
    this.#writer.text(JSON.stringify(shape))
    this.#state.put(shapeRow, this.#writer.take())
  }

  saveCell(place: number, key: string, bytes: Uint8Array): void {
    this.#state.put(this.#rowKey(cellRow, place, key), bytes)
  }

  saveChunk(place: number, key: string, saved: SavedChunk): void {
    this.#noteChunk(`${place} ${key}`, { ...saved, bytes: encoder.encode('') })
    this.#state.put(this.#chunkKey(place, key, saved), saved.bytes)
  }

  deleteCell(place: number, key: string): void {
    this.#state.delete(this.#rowKey(cellRow, place, key))
    const name = `${place} ${key}`
    for (const chunk of this.#chunks.get(name) ?? []) this.#state.delete(this.#chunkKey(place, key, chunk))
    this.#chunks.delete(name)
  }

  /** A mark on a window, beside its cells: that its results have left. */
  mark(place: number): void {
    this.#state.put(this.#markKey(place), new Uint8Array(0))
  }

  unmark(place: number): void {
    this.#state.delete(this.#markKey(place))
  }

  #markKey(place: number): Uint8Array {
    this.#writer.byte(markRow)
    this.#writer.number(place)
    return this.#writer.take()
  }

  #noteChunk(name: string, saved: SavedChunk): void {
    const list = this.#chunks.get(name)
    if (list === undefined) this.#chunks.set(name, [saved])
    else list.push(saved)
  }

  #rowKey(kind: number, place: number, key: string): Uint8Array {
    this.#writer.byte(kind)
    this.#writer.number(place)
    this.#writer.text(key)
    return this.#writer.take()
  }

  #chunkKey(place: number, key: string, { aggregate, chunk }: SavedChunk): Uint8Array {
    this.#writer.byte(chunkRow)
    this.#writer.number(place)
    this.#writer.text(key)
    this.#writer.integer(aggregate)
    this.#writer.integer(chunk)
    return this.#writer.take()
  }
}
