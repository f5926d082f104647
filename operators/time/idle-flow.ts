/** The way of pages and ticks through a step that makes watermarks: what it says of its time, in which order, and what it waits for. */
import type { Tick } from '../flow.ts'
import type { Emit } from '../lift.ts'
import type { StepContext } from '../operator.ts'
import type { Arriving, SourceTime } from './source-time.ts'

export interface TimedSource {
  /** Takes the rows of a page, fills in the watermark before each, and says how it will move: before the page is sent. */
  take(arriving: Arriving, before: Float64Array, emit: Emit): void
  /** Says where it stands now: behind the page. */
  send(emit: Emit): void
  tick(tick: Tick, emit: Emit): void
  idle(order: number, emit: Emit): void
}

export function timedSource(time: SourceTime, context: StepContext): TimedSource {
  let hasMoved = false
  context.waits?.({ for: 'time', at: wanted => time.dueAt(wanted), isIdle: () => time.isIdle })
  const rest = (order: number, move: () => void, emit: Emit): void => {
    const [before, wasIdle] = [time.watermark, time.isIdle]
    move()
    if (!time.isIdle || (wasIdle && time.watermark === before)) return moveOn(order, before, emit)
    emit({ kind: 'moves', order: Float64Array.of(order), before: Float64Array.of(before), time: time.watermark, isIdle: true })
    if (time.watermark > before) emit({ kind: 'watermark', time: time.watermark })
    emit({ kind: 'watermark', time: 'idle' })
  }
  /** Where some partitions have become idle, and others not. */
  const moveOn = (order: number, before: number, emit: Emit): void => {
    if (time.watermark === before) return
    emit({ kind: 'moves', order: Float64Array.of(order), before: Float64Array.of(before), time: time.watermark })
    emit({ kind: 'watermark', time: time.watermark })
  }
  return {
    take(arriving, before, emit) {
      const { page, rows } = arriving
      const [standing, wasIdle] = [time.watermark, time.isIdle]
      time.take(arriving, before)
      hasMoved = time.watermark > standing || (wasIdle && !time.isIdle)
      if (!hasMoved) return
      // Rows before the first that counts do not end the idleness.
      const first = wasIdle ? (rows[0] as number) : 0
      emit({ kind: 'moves', order: page.order.subarray(first), before: before.subarray(first), time: time.watermark })
    },
    send(emit) {
      if (hasMoved) emit({ kind: 'watermark', time: time.watermark })
    },
    tick: (tick, emit) => rest(tick.order, () => time.tick(tick.time), emit),
    idle: (order, emit) => rest(order, () => time.rest(), emit),
  }
}
