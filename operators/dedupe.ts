/** `dedupe`: keeps the first row of each key. */
import { assert } from '../event/assert.ts'
import { EventStoreError } from '../event/error.ts'
import { durationMs, type Duration } from './duration.ts'
import { KeyedRows, numberFormat } from './keyed/keyed-rows.ts'
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'
import { aliveRows, selectRows } from './page.ts'

export interface DedupeOptions {
  readonly by?: readonly string[]
  readonly ttl?: Duration
}

/** Keys are looked through whenever the watermark has moved by this part of `ttl`: so many keys too many are kept at most. */
const sweepsEachTtl = 8

export const dedupe: Operator<DedupeOptions> = {
  spec: {
    name: 'dedupe',
    kind: 'keyed',
    summary: 'Keeps the first row of each key.',
    description:
      'Without `ttl` all keys are kept, and are never forgotten. With it a key is forgotten when the watermark has reached the ' +
      'event time of its first row and `ttl`: the next row of the key then passes as a first one. What counts is the highest watermark ' +
      'stamped beside this row or one before it, so that the same rows pass at any speed and page size, and after a restart.',
    shorthand: 'by',
    options: {
      by: { type: 'list', summary: 'Columns that are the key; those of `keyBy` when left out, one key for all rows without either.' },
      ttl: { type: 'duration', summary: 'How long a key is remembered, in event time; needs an `eventTime` before the step.' },
    },
    ports: { main: 'The first row of each key.' },
    stateVersion: 1,
    keeps: 'the keys seen, with `ttl` those of that time',
  },
  example: {
    title: 'An order that was sent twice',
    options: { by: ['order'], ttl: '1m' },
    input: [
      { order: 7, try: 1, $eventTime: 0, $watermark: -Infinity },
      { order: 8, try: 1, $eventTime: 50_000, $watermark: 0 },
      { order: 7, try: 2, $eventTime: 59_000, $watermark: 50_000 },
      'barrier',
      { order: 7, try: 3, $eventTime: 90_000, $watermark: 60_000 },
    ],
    output: {
      ports: {
        main: [
          { order: 7, try: 1 },
          { order: 8, try: 1 },
          { order: 7, try: 3 },
        ],
      },
    },
  },
  needs: ({ by = [] }, wanted) => new Set([...wanted('main'), ...by]),
  types({ ttl }, input) {
    if (ttl === undefined || input.isTimed) return { main: input }
    throw new EventStoreError('INVALID', 'a ttl is measured in event time, but no eventTime stands before the step', { option: 'ttl' })
  },
  // With `ttl` all keys share a clock.
  splitBy: ({ by, ttl }, key) => (ttl === undefined ? (by ?? key) : []),
  create({ by, ttl }, context) {
    const ttlMs = ttl === undefined ? Infinity : durationMs(ttl, 'ttl')
    const seen: KeyedRows<number> = new KeyedRows(context, {
      by,
      meaning: { isTimed: ttl !== undefined },
      format: numberFormat,
      mayLeave: true,
      ...(ttl !== undefined && { isOver: (time: number) => seen.clock >= time + ttlMs }),
    })
    let sweepAt = -Infinity
    /** Forgets the keys whose time is over; which are is decided row by row, so that the moment does not matter. */
    const sweep = (): void => {
      if (seen.clock < sweepAt || seen.clock === -Infinity) return
      for (const [id, time] of seen.entries()) if (seen.clock >= time + ttlMs) seen.delete(id)
      seen.trim()
      sweepAt = seen.clock + Math.max(1, ttlMs / sweepsEachTtl)
    }
    return onPage({
      page(page, emit) {
        const { eventTime, watermark } = page
        assert(ttl === undefined || (eventTime !== undefined && watermark !== undefined), 'a page came to a ttl without an event time')
        const rows = aliveRows(page)
        const ids = seen.idsOf(page, rows)
        const kept = new Int32Array(rows.length)
        let count = 0
        for (let i = 0; i < rows.length; i++) {
          const [row, id] = [rows[i] as number, ids[i] as number]
          if (ttl !== undefined) seen.clock = Math.max(seen.clock, (watermark as Float64Array)[row] as number)
          const first = seen.get(id)
          if (first !== undefined && seen.clock < first + ttlMs) continue
          seen.put(id, ttl === undefined ? 0 : ((eventTime as Float64Array)[row] as number))
          kept[count++] = row
        }
        sweep()
        emit(selectRows(page, kept.subarray(0, count)))
      },
      barrier: () => seen.save(),
    })
  },
}
