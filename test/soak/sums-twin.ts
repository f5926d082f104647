/** The same as the topology `sums` in a page of plain code over the events in their order: what a replay from scratch must give. */
import type { Event } from '../../event/event.ts'
import { BIG_CENTS, DEAD_CENTS, LAG_MS, type Sent, types, WINDOW_MS } from './sums-topology.ts'

export interface Sums {
  /** `lane/windowStart` → `count/sum`, of windows that have closed. */
  readonly windows: ReadonlyMap<string, string>
  readonly big: readonly string[]
  readonly late: readonly string[]
  readonly dead: number
}

export const nameOf = ({ lane, request, index }: Pick<Sent, 'lane' | 'request' | 'index'>): string => `${lane}/${request}/${index}`

/** `ended`: the source has ended, so that all windows have closed. */
export function sumsOf(events: readonly Event[], ended: boolean): Sums {
  const open = new Map<string, { count: number; sum: number; end: number }>()
  const big: string[] = []
  const late: string[] = []
  let dead = 0
  let highest = -Infinity
  for (const event of events) {
    if (!types.some(type => type === event.type)) continue
    const row = event.data as Sent
    const watermark = highest - LAG_MS
    highest = Math.max(highest, row.at)
    if (row.cents === DEAD_CENTS) {
      dead++
      continue
    }
    if (row.cents >= BIG_CENTS) big.push(nameOf(row))
    const start = Math.floor(row.at / WINDOW_MS) * WINDOW_MS
    if (watermark >= start + WINDOW_MS) {
      late.push(nameOf(row))
      continue
    }
    const key = `${row.lane}/${start}`
    const window = open.get(key) ?? { count: 0, sum: 0, end: start + WINDOW_MS }
    open.set(key, { count: window.count + 1, sum: window.sum + row.cents, end: window.end })
  }
  const closed = [...open].filter(([, { end }]) => ended || highest - LAG_MS >= end)
  return { windows: new Map(closed.map(([key, { count, sum }]) => [key, `${count}/${sum}`])), big, late, dead }
}
