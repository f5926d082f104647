/** The rows of a step that are on disk and not in memory: which they may be, all of them in order, and what is swept from among them. */
import { compareKeys } from '../windows/window-keys.ts'
import { AbsentKeys } from './absent-keys.ts'
import { compareBytes } from '../../event/compare-bytes.ts'
import { mergedByRowKey } from './merged-rows.ts'
import type { KeyedEntry } from './keyed-rows.ts'
import type { KeyedState, SavedRow } from './keyed-state.ts'

export interface DiskOptions<Value> {
  /** Memory for knowing which they may be. */
  readonly filterBytes: number
  readonly isOver: ((value: Value) => boolean) | undefined
}

export class DiskRows<Value> {
  readonly #state: KeyedState<Value>
  readonly #options: DiskOptions<Value>
  #absent: AbsentKeys
  /** The filter made anew, while all rows are walked through. */
  #next: AbsentKeys | undefined
  /** The row that the walk comes to next; undefined at the beginning. */
  #at: Uint8Array | undefined
  /** Keys after which a filter that is full is made anew. */
  #renewAt = 0
  /** Some rows are on disk only. */
  hasRows = false

  constructor(state: KeyedState<Value>, options: DiskOptions<Value>) {
    this.#state = state
    this.#options = options
    this.#absent = new AbsentKeys(options.filterBytes)
  }

  /** A row left memory. */
  add(rowKey: Uint8Array): void {
    this.hasRows = true
    this.#absent.add(rowKey)
    this.#next?.add(rowKey)
  }

  /** Rows were left on disk when the step began. */
  holdsUnknown(): void {
    this.hasRows = true
    this.#absent.everything()
  }

  mayHold(rowKey: Uint8Array): boolean {
    return this.#absent.mayHold(rowKey)
  }

  /**
   * Goes on through the rows, so many at a time: removes those that are over, and makes the filter anew when it knows too little. What
   * memory holds of a row does not matter: a value that is over there as well is forgotten there too, a newer one is written again.
   */
  walk(count: number): void {
    const { isOver, filterBytes } = this.#options
    if (this.#next === undefined && this.#absent.isFull && this.#absent.size >= this.#renewAt && this.#at === undefined)
      this.#next = new AbsentKeys(filterBytes)
    if (isOver === undefined && this.#next === undefined) return
    let left = count
    for (const { rowKey, value } of this.#state.rows(this.#at)) {
      if (left-- === 0) {
        this.#at = rowKey.slice()
        return
      }
      if (isOver?.(value) === true) this.#state.delete(rowKey)
      else this.#next?.add(rowKey)
    }
    this.#at = undefined
    if (this.#next === undefined) return
    this.#absent = this.#next
    this.#renewAt = 2 * this.#next.size
    this.#next = undefined
  }

  /** The least first value of all sorted keys on disk; Infinity when there is none. */
  least(): number {
    if (!this.hasRows) return Infinity
    for (const { key } of this.#state.rows()) return this.#state.arranged(key)[0] as number
    return Infinity
  }

  /** Those in memory and those on disk, in the order of the rows; of a row that is in both, what memory holds. */
  *mergedWith(near: readonly KeyedEntry<Value>[], upTo: number): Generator<KeyedEntry<Value>> {
    if (!this.hasRows) {
      const sorted = near.map(entry => ({ entry, arranged: this.#state.arranged(entry.key) }))
      sorted.sort((a, b) => compareKeys(a.arranged, b.arranged))
      for (const { entry } of sorted) yield entry
      return
    }
    const sorted = near.map(entry => ({ entry, rowKey: this.#state.rowKey(entry.key) }))
    sorted.sort((a, b) => compareBytes(a.rowKey, b.rowKey))
    const merged = mergedByRowKey(sorted, this.#savedUpTo(upTo), saved => ({ entry: farEntry(saved), rowKey: saved.rowKey }))
    for (const { entry } of merged) yield entry
  }

  *#savedUpTo(upTo: number): Generator<SavedRow<Value>> {
    for (const saved of this.#state.rows()) {
      if (upTo !== Infinity && (this.#state.arranged(saved.key)[0] as number) > upTo) return
      yield saved
    }
  }
}

function farEntry<Value>({ rowKey, key, value }: SavedRow<Value>): KeyedEntry<Value> {
  return { key, value, id: -1, rowKey }
}
