/** Cells that left memory and are on disk only: which there may be at each place, and those of a page that are to be read back. */
import { AbsentKeys } from '../keyed/absent-keys.ts'

export class FarCells {
  readonly #filterBytes: number
  readonly #byPlace = new Map<number, AbsentKeys>()
  /** Cells that are open and empty until they are read, with the keys of their rows. */
  cells: number[] = []
  rowKeys: Uint8Array[] = []

  constructor(filterBytes: number) {
    this.#filterBytes = filterBytes
  }

  get isEmpty(): boolean {
    return this.#byPlace.size === 0
  }

  has(place: number): boolean {
    return this.#byPlace.has(place)
  }

  add(place: number, rowKey: Uint8Array): void {
    this.#at(place).add(rowKey)
  }

  /** Whatever there is on disk at the place, it may be there only. */
  addAll(place: number): void {
    this.#at(place).everything()
  }

  #at(place: number): AbsentKeys {
    let keys = this.#byPlace.get(place)
    if (keys === undefined) this.#byPlace.set(place, (keys = new AbsentKeys(this.#filterBytes)))
    return keys
  }

  /** Notes that a cell was opened for a key that may be on disk. */
  want(place: number, rowKey: Uint8Array, cell: number): void {
    if (this.#byPlace.get(place)?.mayHold(rowKey) !== true) return
    this.cells.push(cell)
    this.rowKeys.push(rowKey)
  }

  /** Those wanted since this was asked last. */
  take(): { readonly cells: readonly number[]; readonly rowKeys: readonly Uint8Array[] } {
    const { cells, rowKeys } = this
    this.cells = []
    this.rowKeys = []
    return { cells, rowKeys }
  }

  forget(place: number): void {
    this.#byPlace.delete(place)
  }
}
