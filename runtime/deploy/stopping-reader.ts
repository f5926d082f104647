/** A reader of the log that makes a stop: no page holds rows on both sides of a stamp, or nothing behind it is read at all. */
import type { Stamp } from '../../event/event.ts'
import type { Place } from '../../event/position.ts'
import type { LogPage, LogReader } from '../../store/log/log-reader.ts'

export interface Stop {
  /** The last stamp before it; there is none when left out, or at Infinity. */
  readonly stamp: Stamp | undefined
  /** Behind the stop it reads on. */
  readonly goesOn: boolean
  /** Where reading begins, and the last stamp to read. */
  readonly from: Stamp
  readonly head: Stamp | undefined
}

type Open = (options?: { readonly after?: Place; readonly upTo?: Stamp }) => LogReader

export function stoppingReader(open: Open, { stamp, goesOn, from, head }: Stop): Pick<LogReader, 'next' | 'head' | 'held'> {
  if (stamp === undefined || !Number.isFinite(stamp) || (goesOn && stamp <= from) || (head !== undefined && head <= stamp)) return open()
  let reader = open({ upTo: stamp })
  let isBefore = true
  return {
    get head() {
      return reader.head
    },
    get held() {
      return reader.held
    },
    next(): LogPage | null {
      const page = reader.next()
      if (page !== null || !isBefore || !goesOn || reader.held || reader.head <= stamp) return page
      isBefore = false
      const { position } = reader
      // The one before has looked at all up to the stop: what is read again has not passed its filter.
      reader = open(position.stamp > 0 ? { after: position } : {})
      return reader.next()
    },
  }
}
