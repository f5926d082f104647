/** `latest`: keeps the rows that are the newest of their key. */
import { KeyedRows, numberFormat } from './keyed/keyed-rows.ts'
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'
import { aliveRows, selectRows } from './page.ts'

export interface LatestOptions {
  readonly by?: readonly string[]
}

export const latest: Operator<LatestOptions> = {
  spec: {
    name: 'latest',
    kind: 'keyed',
    summary: 'Keeps the rows that are the newest of their key.',
    description:
      'Behind an `eventTime` a row is the newest when no row of its key before it happened later; of rows of the same time each is newer ' +
      'than the one before. The others leave by the port `late`, where they are counted, and are gone when no step takes them. Without an ' +
      'event time the order of the log decides, and every row is the newest when it comes. What follows may so be read as a table: the last ' +
      'row of a key is the one that counts. A time for each key is kept in memory, and is never forgotten.',
    shorthand: 'by',
    options: {
      by: { type: 'list', summary: 'Columns that are the key; those of `keyBy` when left out, one key for all rows without either.' },
    },
    ports: { main: 'Rows newer than all of their key before them.', late: 'Rows that happened before one of their key that had come.' },
    stateVersion: 1,
    keeps: 'the time of the newest row of each key',
  },
  example: {
    title: 'Where each parcel is now',
    options: { by: ['parcel'] },
    input: [
      { parcel: 1, at: 'Ulm', $eventTime: 1_000, $watermark: -Infinity },
      { parcel: 1, at: 'Bonn', $eventTime: 3_000, $watermark: 0 },
      { parcel: 1, at: 'Köln', $eventTime: 2_000, $watermark: 2_000 },
      'barrier',
      { parcel: 1, at: 'Kiel', $eventTime: 4_000, $watermark: 2_000 },
    ],
    output: {
      ports: {
        main: [
          { parcel: 1, at: 'Ulm' },
          { parcel: 1, at: 'Bonn' },
          { parcel: 1, at: 'Kiel' },
        ],
        late: [{ parcel: 1, at: 'Köln' }],
      },
    },
  },
  needs: ({ by = [] }, wanted) => new Set([...wanted('main'), ...wanted('late'), ...by]),
  splitBy: ({ by }, key) => by ?? key,
  create({ by }, context) {
    const newest = new KeyedRows(context, { by, meaning: {}, format: numberFormat, mayLeave: true })
    return onPage({
      page(page, emit) {
        const { eventTime } = page
        if (eventTime === undefined) return emit(page)
        const rows = aliveRows(page)
        const ids = newest.idsOf(page, rows)
        const kept = new Int32Array(rows.length)
        const late: number[] = []
        let count = 0
        for (let i = 0; i < rows.length; i++) {
          const [row, id] = [rows[i] as number, ids[i] as number]
          const time = eventTime[row] as number
          if (time < (newest.get(id) ?? -Infinity)) {
            late.push(row)
            continue
          }
          newest.put(id, time)
          kept[count++] = row
        }
        if (late.length > 0) emit(selectRows(page, Int32Array.from(late), 'late'))
        emit(selectRows(page, kept.subarray(0, count)))
      },
      barrier: () => newest.save(),
    })
  },
}
