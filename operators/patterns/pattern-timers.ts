/** When there is something to do for which key. It is in memory for every key, also for those whose state is not. */
import { columnOf } from '../columns.ts'
import type { Page } from '../flow.ts'
import { TimeHeap } from '../windows/window-heap.ts'
import { KeyIds, type KeyValue } from '../windows/window-keys.ts'

/** Above this, numbers of keys that wait for nothing are given up. */
const keysKept = 65_536

export class KeyTimers {
  #keys: KeyIds
  #heap = new TimeHeap<number>()
  /** What each key waits for, by its number; Infinity for nothing. */
  #dueOf: number[] = []
  #waiting = 0

  constructor(fields: readonly string[]) {
    this.#keys = new KeyIds(fields)
  }

  /** The numbers of the keys of rows, for `wait`, until keys are taken; the array is used again. */
  numbersOf(page: Page, rows: Int32Array): Int32Array {
    return this.#keys.idsOf(page, rows)
  }

  /** The earliest time; Infinity when no key waits. */
  get time(): number {
    return this.#heap.time
  }

  waitFor(key: readonly KeyValue[], time: number): void {
    this.wait(this.#keys.idOf(key), time)
  }

  /** Of several times of a key the earliest counts. */
  wait(number: number, time: number): void {
    while (this.#dueOf.length <= number) this.#dueOf.push(Infinity)
    const due = this.#dueOf[number] as number
    if (time >= due) return
    if (due === Infinity) this.#waiting++
    this.#dueOf[number] = time
    this.#heap.push(time, number)
  }

  /** The keys that wait for a time before this, at most so many; they wait no more. */
  take(before: number, most: number): KeyValue[][] {
    const keys: KeyValue[][] = []
    while (this.#heap.time < before && keys.length < most) {
      const { time } = this.#heap
      const number = this.#heap.pop() as number
      // One that waited for an earlier time as well.
      if (this.#dueOf[number] !== time) continue
      this.#dueOf[number] = Infinity
      this.#waiting--
      keys.push(this.#keys.keyOf(number))
    }
    return keys
  }

  /** Keys as a page, to ask for their state. */
  pageOf(keys: readonly (readonly KeyValue[])[]): Page {
    const { fields } = this.#keys
    const columns = new Map(fields.map((field, at) => [field, columnOf(keys.map(key => key[at]))]))
    return { kind: 'page', port: 'main', input: 0, count: keys.length, columns, order: new Float64Array(keys.length), key: fields }
  }

  trim(): void {
    const [old, dueOf] = [this.#keys, this.#dueOf]
    if (old.size <= keysKept || old.size < 4 * this.#waiting) return
    this.#keys = new KeyIds(old.fields)
    this.#heap = new TimeHeap()
    this.#dueOf = []
    this.#waiting = 0
    for (const [number, due] of dueOf.entries()) if (due < Infinity) this.waitFor(old.keyOf(number), due)
  }
}
