/** Which lane the rows of a key belong to: by a hash of the values, whatever the columns that hold them look like. */
import { sliceAt, valueAt } from '../../operators/columns.ts'
import type { Column, Page } from '../../operators/flow.ts'
import { aliveRows, columnNamed } from '../../operators/page.ts'
import { spread } from '../../operators/windows/window-hash.ts'

const wide = new Float64Array(1)
const halves = new Int32Array(wide.buffer)
const hashOfNull = 0x2545f491

/** 32 bits; equal for equal values. */
export function hashOfValue(value: unknown): number {
  if (typeof value === 'number') return hashOfNumber(value)
  if (typeof value === 'string') return hashOfText(value)
  if (value === null || value === undefined) return hashOfNull
  // Keys that are objects are told apart by their text as well.
  return hashOfText(typeof value === 'object' ? JSON.stringify(value) : String(value as bigint | boolean)) ^ 1
}

function hashOfNumber(value: number): number {
  // The sum makes 0 of −0.
  wide[0] = value + 0
  return spread(halves[0] as number, halves[1] as number)
}

/** FNV-1a (Fowler, Noll, Vo) over UTF-16 units, mixed once more because lanes take its low bits. */
function hashOfText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return spread(hash, text.length)
}

export function laneOfKey(values: readonly unknown[], lanes: number): number {
  let hash = 0
  for (const value of values) hash = spread(hash, hashOfValue(value))
  return (hash >>> 0) % lanes
}

/** Finds the lanes of the rows of pages by the columns that are their key. */
export class KeyLanes {
  readonly #fields: readonly string[]
  readonly #lanes: number
  readonly #ofDictionaries = new WeakMap<readonly string[], Int32Array>()
  #hashes = new Int32Array(0)

  constructor(fields: readonly string[], lanes: number) {
    this.#fields = fields
    this.#lanes = lanes
  }

  /** The rows alive of each lane, rising; undefined for a lane that has none. */
  split(page: Page): (Int32Array | undefined)[] {
    const rows = aliveRows(page)
    const lanes = this.#lanesOf(page, rows)
    const counts = new Array<number>(this.#lanes).fill(0)
    for (let i = 0; i < rows.length; i++) (counts[lanes[i] as number] as number)++
    const split = counts.map(count => (count === 0 ? undefined : new Int32Array(count)))
    counts.fill(0)
    for (let i = 0; i < rows.length; i++) {
      const lane = lanes[i] as number
      const own = split[lane] as Int32Array
      own[(counts[lane] as number)++] = rows[i] as number
    }
    return split
  }

  #lanesOf(page: Page, rows: Int32Array): Int32Array {
    if (this.#hashes.length < rows.length) this.#hashes = new Int32Array(rows.length)
    const hashes = this.#hashes
    hashes.fill(0, 0, rows.length)
    for (const field of this.#fields) this.#add(columnNamed(page, field), rows, hashes)
    for (let i = 0; i < rows.length; i++) hashes[i] = ((hashes[i] as number) >>> 0) % this.#lanes
    return hashes
  }

  #add(column: Column, rows: Int32Array, hashes: Int32Array): void {
    if (column.kind === 'number' && column.nulls === undefined) {
      for (let i = 0; i < rows.length; i++)
        hashes[i] = spread(hashes[i] as number, hashOfNumber(column.values[rows[i] as number] as number))
    } else if (column.kind === 'text') {
      const known = this.#ofDictionary(column.dictionary)
      for (let i = 0; i < rows.length; i++) {
        const code = column.codes[rows[i] as number] as number
        hashes[i] = spread(hashes[i] as number, code < 0 ? hashOfNull : (known[code] as number))
      }
    } else if (column.kind === 'slice') {
      for (let i = 0; i < rows.length; i++) hashes[i] = spread(hashes[i] as number, hashOfValue(sliceAt(column, rows[i] as number)))
    } else {
      for (let i = 0; i < rows.length; i++) hashes[i] = spread(hashes[i] as number, hashOfValue(valueAt(column, rows[i] as number)))
    }
  }

  #ofDictionary(dictionary: readonly string[]): Int32Array {
    const known = this.#ofDictionaries.get(dictionary)
    if (known !== undefined && known.length === dictionary.length) return known
    const hashes = new Int32Array(dictionary.length)
    if (known !== undefined) hashes.set(known)
    for (let code = known?.length ?? 0; code < dictionary.length; code++) hashes[code] = hashOfText(dictionary[code] as string)
    this.#ofDictionaries.set(dictionary, hashes)
    return hashes
  }
}
