/** Frames: for each key the rows over which something is aggregated again with each new one, the oldest leaving first. */
import { assert } from '../../event/assert.ts'
import { grown } from '../aggregates/aggregate.ts'
import type { WindowAggregates } from './window-aggregates.ts'
import type { WindowCells } from './window-cells.ts'

/** Where a row is: it waits for its time, or is among the newer or the older of its frame. */
export const waiting = 0
export const newer = 1
export const older = 2
/** It is no row, but all rows of a frame that none leaves. */
export const allRows = 3

/**
 * Two stacks that make a queue: of the newer rows one cell holds all together, and of the older ones each has a cell with itself and those
 * behind it. So a frame is two cells merged, whatever its length, and each row is merged three times at most. ("Low-latency sliding-window
 * aggregation in worst-case constant time", Tangwongsan, Hirzel and Schneider, 2017, describes it as Two-Stacks.)
 */
export interface Frame {
  /** The cells of its rows, in order, from `first` on; those below `split` are the older ones. */
  queue: number[]
  first: number
  split: number
  /** For each of the older rows the merge of it and the older ones behind it; that of the oldest is the last. */
  readonly suffixes: number[]
  /** The newer rows together; or all of them, where none leaves. */
  together: number
  /** Rows that wait. */
  waiting: number
  /** It is known when it will be of no more use. */
  isNoted: boolean
  /** When the newest of its rows happened, and whether some rows happened after others that came behind them. */
  newest: number
  isMixed: boolean
  /** Rows since its results left last, where that is counted. */
  pending: number
  /** Numbers the rows of the key, which tells them apart in the state. */
  serial: number
}

const emptyFrame: Omit<Frame, 'queue' | 'suffixes'> = {
  ...{ first: 0, split: 0, together: -1, waiting: 0, serial: 0 },
  ...{ isNoted: false, newest: -Infinity, isMixed: false, pending: 0 },
}

export class Frames {
  readonly #cells: WindowCells<Frame>
  readonly #aggregates: WindowAggregates
  readonly #drop: (cell: number) => void
  readonly #ofKey = new Map<number, Frame>()
  #times = new Float64Array(64)
  #serials = new Float64Array(64)
  #phases = new Uint8Array(64)
  #scratch = -1

  /** `drop` gives up the cell of a row and what is written of it. */
  constructor(cells: WindowCells<Frame>, aggregates: WindowAggregates, drop: (cell: number) => void) {
    this.#cells = cells
    this.#aggregates = aggregates
    this.#drop = drop
  }

  of(key: number): Frame {
    let frame = this.#ofKey.get(key)
    if (frame !== undefined) return frame
    frame = { ...emptyFrame, queue: [], suffixes: [] }
    frame.together = this.#cells.open(frame, key)
    this.#note(frame.together, { time: -Infinity, phase: allRows, serial: 0 })
    this.#ofKey.set(key, frame)
    return frame
  }

  get(key: number): Frame | undefined {
    return this.#ofKey.get(key)
  }

  all(): Iterable<readonly [key: number, frame: Frame]> {
    return this.#ofKey
  }

  /** A cell for a row of a key. */
  open(key: number, { time, phase, serial }: { time: number; phase: number; serial?: number }): number {
    const frame = this.of(key)
    const cell = this.#cells.open(frame, key)
    frame.serial = Math.max(frame.serial, serial ?? frame.serial + 1)
    this.#note(cell, { time, phase, serial: serial ?? frame.serial })
    if (phase === waiting) frame.waiting++
    return cell
  }

  #note(cell: number, { time, phase, serial }: { time: number; phase: number; serial: number }): void {
    if (cell >= this.#times.length) {
      this.#times = grown(this.#times, cell + 1)
      this.#serials = grown(this.#serials, cell + 1)
      this.#phases = grown(this.#phases, cell + 1)
    }
    this.#times[cell] = time
    this.#serials[cell] = serial
    this.#phases[cell] = phase
  }

  timeOf(cell: number): number {
    return this.#times[cell] as number
  }

  serialOf(cell: number): number {
    return this.#serials[cell] as number
  }

  phaseOf(cell: number): number {
    return this.#phases[cell] as number
  }

  lengthOf(frame: Frame): number {
    return frame.queue.length - frame.first
  }

  firstOf(frame: Frame): number | undefined {
    return frame.queue[frame.first]
  }

  lastOf(frame: Frame): number | undefined {
    return this.lengthOf(frame) === 0 ? undefined : frame.queue.at(-1)
  }

  /** A row becomes the newest of its frame. */
  push(frame: Frame, cell: number): void {
    if (this.#phases[cell] === waiting) frame.waiting--
    this.#phases[cell] = newer
    this.#cells.touch(cell)
    frame.serial = Math.max(frame.serial, this.serialOf(cell))
    this.#enlist(frame, cell)
    this.#aggregates.merge(frame.together, cell)
  }

  #enlist(frame: Frame, cell: number): void {
    const time = this.timeOf(cell)
    if (time < frame.newest) frame.isMixed = true
    else frame.newest = time
    frame.queue.push(cell)
  }

  /** A row is added for good, where none leaves. */
  absorb(frame: Frame, cell: number): void {
    if (this.#phases[cell] === waiting) frame.waiting--
    this.#aggregates.merge(frame.together, cell)
    this.#cells.touch(frame.together)
    this.#drop(cell)
  }

  /** The oldest row leaves. */
  shift(frame: Frame): void {
    if (frame.first === frame.split) this.#flip(frame)
    this.#cells.release(frame.suffixes.pop() as number)
    this.#drop(frame.queue[frame.first++] as number)
    if (frame.first < 64 || 2 * frame.first < frame.queue.length) return
    frame.queue = frame.queue.slice(frame.first)
    frame.split -= frame.first
    frame.first = 0
  }

  /** Rows leave: all but the last so many, and those that happened more than so long before the newest. */
  evict(frame: Frame, { rows, rangeMs }: { rows: number; rangeMs: number }): void {
    while (this.lengthOf(frame) > rows) this.shift(frame)
    if (rangeMs === Infinity) return
    const least = frame.newest - rangeMs
    while (this.timeOf(this.firstOf(frame) as number) < least) this.shift(frame)
    if (frame.isMixed) this.#remove(frame, least)
  }

  /** Rows in the middle leave: what is merged is merged anew. */
  #remove(frame: Frame, least: number): void {
    const queue = frame.queue.slice(frame.first)
    if (!queue.some(cell => this.timeOf(cell) < least)) return
    for (const suffix of frame.suffixes) this.#cells.release(suffix)
    this.#aggregates.release(frame.together)
    Object.assign(frame, { queue: [], first: 0, split: 0, newest: -Infinity, isMixed: false })
    frame.suffixes.length = 0
    for (const cell of queue)
      if (this.timeOf(cell) < least) this.#drop(cell)
      else this.push(frame, cell)
  }

  /** All rows become older ones. */
  #flip(frame: Frame): void {
    frame.split = frame.queue.length
    this.#stack(frame)
    this.#aggregates.release(frame.together)
    for (let at = frame.first; at < frame.split; at++) {
      const cell = frame.queue[at] as number
      this.#phases[cell] = older
      this.#cells.touch(cell)
    }
  }

  #stack(frame: Frame): void {
    const { queue, first, split, suffixes, together } = frame
    const key = this.#cells.keyOf(together)
    for (let at = split - 1; at >= first; at--) {
      const suffix = this.#cells.open(frame, key)
      this.#aggregates.merge(suffix, queue[at] as number)
      if (at < split - 1) this.#aggregates.merge(suffix, suffixes.at(-1) as number)
      suffixes.push(suffix)
    }
  }

  /** A cell that holds the whole frame, until the next call. */
  whole(frame: Frame): number {
    const oldest = frame.suffixes.at(-1)
    if (oldest === undefined) return frame.together
    if (frame.split === frame.queue.length) return oldest
    if (this.#scratch < 0) this.#scratch = this.#cells.open(frame, this.#cells.keyOf(frame.together))
    this.#aggregates.release(this.#scratch)
    this.#aggregates.merge(this.#scratch, oldest)
    this.#aggregates.merge(this.#scratch, frame.together)
    return this.#scratch
  }

  /** Gives up a frame with all of its rows. */
  clear(key: number): void {
    const frame = this.#ofKey.get(key) as Frame
    assert(frame.waiting === 0, 'a frame is given up while rows wait for it')
    for (let at = frame.first; at < frame.queue.length; at++) this.#drop(frame.queue[at] as number)
    for (const suffix of frame.suffixes) this.#cells.release(suffix)
    this.#drop(frame.together)
    this.#ofKey.delete(key)
  }

  /** Puts a saved row where it was; `restored` is called when all are back. */
  restore(cell: number): void {
    const frame = this.#cells.homeOf(cell)
    if (this.#phases[cell] !== waiting) this.#enlist(frame, cell)
  }

  /** Merges the rows of each frame as they had been merged; `compare` is the order in which they were pushed. */
  restored(compare: (a: number, b: number) => number): void {
    for (const frame of this.#ofKey.values()) {
      frame.queue.sort(compare)
      if (frame.queue.length > 0) this.#aggregates.release(frame.together)
      while (frame.split < frame.queue.length && this.#phases[frame.queue[frame.split] as number] === older) frame.split++
      this.#stack(frame)
      for (let at = frame.split; at < frame.queue.length; at++) this.#aggregates.merge(frame.together, frame.queue[at] as number)
    }
  }

  /** Numbers of keys mean other keys from here on. */
  rekeyed(): void {
    const all = [...this.#ofKey.values()]
    this.#ofKey.clear()
    for (const frame of all) this.#ofKey.set(this.#cells.keyOf(frame.together), frame)
  }
}
