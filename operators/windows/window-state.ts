/** Windows on disk: a row for each cell that changed in an epoch, rows for the chunks of large cells, and one that says what they mean. */
import { isDeepStrictEqual } from 'node:util'
import { EventStoreError } from '../../event/error.ts'
import { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import type { StepContext, StepState } from '../operator.ts'
import type { AggregateUses } from './window-aggregates.ts'
import type { KeyValue } from './window-keys.ts'

/** What the rows of a step were computed with; rows of another shape can not be gone on with. */
export interface WindowShape {
  readonly sizeMs: number | 'all'
  readonly offsetMs: number
  readonly aggregate: AggregateUses
  readonly key: readonly string[]
}

export interface SavedCell {
  readonly start: number
  readonly key: readonly KeyValue[]
  readonly bytes: Uint8Array
  readonly chunks: readonly SavedChunk[]
}

export interface SavedChunk {
  readonly aggregate: number
  readonly chunk: number
  readonly bytes: Uint8Array
}

const cellRow = 0
const chunkRow = 1
const shapeRow = Uint8Array.of(2)

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
  load(shape: Omit<WindowShape, 'key'>, context: StepContext): { key?: readonly string[]; cells: SavedCell[] } {
    const cells: { name: string; start: number; key: readonly KeyValue[]; bytes: Uint8Array }[] = []
    for (const [row, bytes] of this.#state.rows()) {
      const reader = new ByteReader(row)
      const kind = reader.byte()
      if (kind === shapeRow[0]) {
        this.#savedShape = JSON.parse(new ByteReader(bytes).text()) as WindowShape
        continue
      }
      const [start, text] = [reader.number(), reader.text()]
      const name = `${start} ${text}`
      if (kind === cellRow) cells.push({ name, start, key: JSON.parse(text) as KeyValue[], bytes })
      else this.#noteChunk(name, { aggregate: reader.integer(), chunk: reader.integer(), bytes })
    }
    this.#refuseOtherShape(shape, context)
    const saved = cells.map(({ name, ...cell }) => ({ ...cell, chunks: this.#chunks.get(name) ?? [] }))
    return this.#savedShape === undefined ? { cells: saved } : { key: this.#savedShape.key, cells: saved }
  }

  #refuseOtherShape(shape: Omit<WindowShape, 'key'>, context: StepContext): void {
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

  saveCell(start: number, key: string, bytes: Uint8Array): void {
    this.#state.put(this.#rowKey(cellRow, start, key), bytes)
  }

  saveChunk(start: number, key: string, saved: SavedChunk): void {
    this.#noteChunk(`${start} ${key}`, { ...saved, bytes: encoder.encode('') })
    this.#state.put(this.#chunkKey(start, key, saved), saved.bytes)
  }

  deleteCell(start: number, key: string): void {
    this.#state.delete(this.#rowKey(cellRow, start, key))
    const name = `${start} ${key}`
    for (const chunk of this.#chunks.get(name) ?? []) this.#state.delete(this.#chunkKey(start, key, chunk))
    this.#chunks.delete(name)
  }

  #noteChunk(name: string, saved: SavedChunk): void {
    const list = this.#chunks.get(name)
    if (list === undefined) this.#chunks.set(name, [saved])
    else list.push(saved)
  }

  #rowKey(kind: number, start: number, key: string): Uint8Array {
    this.#writer.byte(kind)
    this.#writer.number(start)
    this.#writer.text(key)
    return this.#writer.take()
  }

  #chunkKey(start: number, key: string, { aggregate, chunk }: SavedChunk): Uint8Array {
    this.#writer.byte(chunkRow)
    this.#writer.number(start)
    this.#writer.text(key)
    this.#writer.integer(aggregate)
    this.#writer.integer(chunk)
    return this.#writer.take()
  }
}
