/** What a function of `process` is called with beside its state: what it emits and the timers it sets count once the call has returned. */
import { EventStoreError } from '../../event/error.ts'
import type { Row } from '../flow.ts'
import { isPlainObject } from './json-state.ts'

export interface ProcessContext {
  /** Values of the columns that are the key. */
  readonly key: readonly unknown[]
  /** Event time of the row, or when the timer was due, ms; NaN where rows have none. */
  readonly time: number
  /** No row with an event time below it is still to come, ms; −Infinity at first. */
  readonly watermark: number
  /** Sends a row on; the columns of the key come to it. */
  emit(row: Row): void
  /**
   * Calls `onTimer` once the watermark has come to `at` (ms, event time). A timer with a name is the only one of that name of its key: set
   * again, it has the other time. Without a name there is one for each time.
   */
  timer(at: number, name?: string): void
  /** By its name, or by the time of one without; does nothing when there is none. */
  deleteTimer(which: number | string): void
}

/** When it is due, and its name; of one without the empty text. */
export type Timer = readonly [at: number, name: string]

export interface CallOptions extends Pick<ProcessContext, 'key' | 'time' | 'watermark'> {
  /** Timers that are set must be due after this; −Infinity for any time. */
  readonly after: number
  /** False where there is no event time, or nobody to call. */
  readonly hasTimers: boolean
}

/** The last moment that a date can name. */
const timeMsMost = 8.64e15
/** A timer's name is saved with each of its keys. */
const nameLengthMax = 200
/** Timers of one key at a time; they are saved together. */
export const timersMax = 10_000

export class ProcessCall implements ProcessContext {
  readonly key: readonly unknown[]
  readonly time: number
  readonly watermark: number
  readonly rows: Row[] = []
  timers: readonly Timer[]
  /** Those that were set by the call. */
  readonly set: Timer[] = []
  readonly #options: CallOptions

  constructor(options: CallOptions, timers: readonly Timer[]) {
    this.key = options.key
    this.time = options.time
    this.watermark = options.watermark
    this.timers = timers
    this.#options = options
  }

  emit = (row: Row): void => {
    if (!isPlainObject(row)) throw new TypeError('emit takes a row, a plain object of columns')
    this.rows.push({ ...row })
  }

  timer = (at: number, name = ''): void => {
    const { after, hasTimers } = this.#options
    if (!hasTimers) throw new TypeError('a timer needs an eventTime before the step, and a function named by onTimer')
    if (!Number.isFinite(at) || Math.abs(at) > timeMsMost) throw new TypeError(`a timer is set to milliseconds, not ${String(at)}`)
    if (typeof name !== 'string' || name.length > nameLengthMax)
      throw new TypeError(`the name of a timer is a text of at most ${nameLengthMax} characters`)
    const whole = Math.ceil(at)
    if (whole <= after) throw new EventStoreError('INVALID', 'a timer set by a timer must be due after it', {})
    this.timers = [...this.timers.filter(timer => !isSame(timer, name === '' ? whole : name)), [whole, name]]
    if (this.timers.length > timersMax) throw new TypeError(`a key has more than ${timersMax} timers`)
    this.set.push([whole, name])
  }

  deleteTimer = (which: number | string): void => {
    this.timers = this.timers.filter(timer => !isSame(timer, typeof which === 'number' ? Math.ceil(which) : which))
  }
}

function isSame([at, name]: Timer, which: number | string): boolean {
  return typeof which === 'number' ? name === '' && at === which : name !== '' && name === which
}
