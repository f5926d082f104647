/** Random sources with lags, clocks and ticks, and a twin that says in the plainest way what a window over all of them gives. */
import * as fc from 'fast-check'
import { stampOf } from '../../event/stamp.ts'
import type { Row } from '../../operators/flow.ts'

/** A row of one of the sources, or a tick, `gap` ms after what came before it. */
export interface Happening {
  readonly source: 'a' | 'b' | 'tick'
  readonly gap: number
  readonly at: number
  readonly key: string
}

export interface TimeCase {
  readonly happenings: readonly Happening[]
  readonly lags: Readonly<Record<'a' | 'b', number>>
  readonly idles: Readonly<Record<'a' | 'b', number | undefined>>
  readonly isByPartition: boolean
}

export const timeCases: fc.Arbitrary<TimeCase> = fc.record({
  happenings: fc.array(
    fc.record({
      source: fc.constantFrom('a', 'a', 'b', 'b', 'tick'),
      gap: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 200 })),
      at: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 1200 })),
      key: fc.constantFrom('x', 'y'),
    }),
    { maxLength: 60, size: 'max' },
  ),
  lags: fc.record({ a: fc.constantFrom(0, 30), b: fc.constantFrom(0, 100) }),
  idles: fc.record({ a: fc.constantFrom(undefined, 50, 90), b: fc.constantFrom(undefined, 50, 150) }),
  isByPartition: fc.boolean(),
})

export const windowMs = 100
export const startMs = Date.UTC(2026, 0, 1)

/** With its place in the log; its partition goes by its key. */
export interface Placed extends Happening {
  readonly recorded: number
  readonly stamp: number
  readonly partition: number
}

export function placed(happenings: readonly Happening[]): Placed[] {
  let [recorded, stamp] = [startMs, 0]
  return happenings.map(one => {
    recorded += one.gap
    stamp = Math.max(stamp + 1, stampOf(recorded))
    return { ...one, recorded, stamp, partition: one.key === 'x' ? 1 : 3 }
  })
}

interface Lane {
  max: number
  last: number
}

/** One source: its watermark, as `eventTime` promises it. */
class TwinSource {
  mark = -Infinity
  isIdle = false
  readonly lag: number
  readonly idle: number
  readonly isByPartition: boolean
  readonly #lanes = new Map<number, Lane>()
  #begun = NaN

  constructor(lag: number, idle: number, isByPartition: boolean) {
    this.lag = lag
    this.idle = idle
    this.isByPartition = isByPartition
  }

  #active(now: number): Lane[] {
    return [...this.#lanes.values()].filter(({ last }) => !this.isByPartition || now - last < this.idle)
  }

  row(at: number, now: number, partition: number): void {
    const number = this.isByPartition ? partition : 0
    const { max } = this.#lanes.get(number) ?? { max: -Infinity }
    this.#lanes.set(number, { max: Math.max(max, at), last: now })
    this.isIdle = false
    this.mark = Math.max(this.mark, Math.min(...this.#active(now).map(lane => lane.max)) - this.lag)
  }

  tick(now: number): void {
    if (this.idle === Infinity) return
    if (this.#lanes.size === 0) {
      if (Number.isNaN(this.#begun)) {
        this.#begun = now
        return
      }
      if (now - this.#begun >= this.idle) this.isIdle = true
      return
    }
    const silent = [...this.#lanes.values()].filter(({ last }) => now - last >= this.idle)
    const active = [...this.#lanes.values()].filter(lane => !silent.includes(lane))
    if (active.length > 0) this.mark = Math.max(this.mark, Math.min(...active.map(({ max }) => max)) - this.lag)
    else {
      this.isIdle = true
      this.mark = Math.max(this.mark, ...silent.map(({ max, last }) => max - this.lag + now - last))
    }
  }
}

interface Open {
  readonly key: string
  readonly windowStart: number
  count: number
}

/** Rows of windows in the order in which they leave, and the rows that came too late. */
export function twinOf({ happenings, lags, idles, isByPartition }: TimeCase): { windows: Row[]; late: Row[] } {
  const sources = {
    a: new TwinSource(lags.a, idles.a ?? Infinity, isByPartition),
    b: new TwinSource(lags.b, idles.b ?? Infinity, isByPartition),
  }
  const [windows, late]: [Row[], Row[]] = [[], []]
  let open: Open[] = []
  let together = -Infinity
  const close = (until: number): void => {
    const due = open.filter(({ windowStart }) => windowStart + windowMs <= until)
    due.sort((left, right) => left.windowStart - right.windowStart || (left.key < right.key ? -1 : 1))
    open = open.filter(one => !due.includes(one))
    windows.push(...due.map(({ key, windowStart, count }) => ({ key, windowStart, count })))
  }
  for (const { source, at, key, recorded, partition } of placed(happenings)) {
    if (source === 'tick') for (const one of Object.values(sources)) one.tick(recorded)
    else {
      const stamp = Math.max(together, sources[source].mark)
      const windowStart = Math.floor(at / windowMs) * windowMs
      const known = open.find(one => one.key === key && one.windowStart === windowStart)
      if (stamp >= windowStart + windowMs) late.push({ at, key })
      else if (known) known.count++
      else open.push({ key, windowStart, count: 1 })
      sources[source].row(at, recorded, partition)
    }
    const active = Object.values(sources).filter(({ isIdle }) => !isIdle)
    const mark = active.length > 0 ? Math.min(...active.map(one => one.mark)) : Math.max(sources.a.mark, sources.b.mark)
    together = Math.max(together, mark)
    close(together)
  }
  close(Infinity)
  return { windows, late }
}
