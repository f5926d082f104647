/** `processingTime`: says that each row happened when it was recorded. */
import { ByteReader, ByteWriter } from './aggregates/bytes.ts'
import type { Page } from './flow.ts'
import { onPage, type Emit } from './lift.ts'
import type { Operator } from './operator.ts'
import { aliveRows, withColumns } from './page.ts'

export interface ProcessingTimeOptions {
  readonly as?: string
}

const stateKey = Uint8Array.of(0)

export const processingTime: Operator<ProcessingTimeOptions> = {
  spec: {
    name: 'processingTime',
    kind: 'stateful',
    summary: 'Says that each row happened when it was recorded, so that windows behind it go by the clock.',
    description:
      'The time of a row is when its event was recorded in the log: the same whenever the log is read, so that a topology that is built ' +
      'again gives the same results. The watermark is when the row before was recorded, or the last tick: no row is late. A window behind ' +
      'the step closes with the first row behind its end; when none comes, the node writes a tick into the log once its end has passed. ' +
      'Rows that a generator makes have the time of the clock when they were made: they come from no log, so a restart gives those that were ' +
      'in no epoch another time.',
    shorthand: 'as',
    options: { as: { type: 'text', summary: 'Column to write the time into, ms; none when left out.', sample: 'at' } },
    ports: { main: 'The rows, timed.' },
    stateVersion: 1,
    keeps: 'the time of the last row',
  },
  example: {
    title: 'When something came',
    options: { as: 'at' },
    input: [{ size: 1, $order: 100 }, { size: 2, $order: 250 }, 'barrier', { size: 3, $order: 250 }],
    output: {
      ports: {
        main: [
          { size: 1, at: 100, $eventTime: 100, $watermark: -Infinity },
          { size: 2, at: 250, $eventTime: 250, $watermark: 100 },
          { size: 3, at: 250, $eventTime: 250, $watermark: 250 },
        ],
      },
    },
  },
  needs: ({ as }, wanted) => new Set([...wanted('main')].filter(name => name !== as)),
  types({ as }, input) {
    const fields = as === undefined ? input.fields : { ...input.fields, [as]: 'timestamp' as const }
    return { main: { ...input, fields, key: input.key.filter(name => name !== as), isTimed: true } }
  },
  usesClock: () => true,
  create({ as }, context) {
    const writer = new ByteWriter()
    let watermark = -Infinity
    for (const [, value] of context.state.rows()) watermark = new ByteReader(value).number()
    let saved = watermark
    context.waits?.({ for: 'time', at: wanted => wanted, isIdle: () => false })
    const { recordedOf } = context
    const stamp = (page: Page, emit: Emit): void => {
      const standing = watermark
      const eventTime = new Float64Array(page.count)
      const before = new Float64Array(page.count)
      const rows = aliveRows(page)
      let next = 0
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i] as number
        while (next <= row) before[next++] = watermark
        const time = recordedOf === undefined ? watermark : recordedOf(page.order[row] as number)
        if (time > watermark) watermark = time
        eventTime[row] = watermark
      }
      while (next < page.count) before[next++] = watermark
      const column = as === undefined ? page : withColumns(page, [[as, { kind: 'number', values: eventTime }]])
      if (watermark > standing) emit({ kind: 'moves', order: page.order, before, time: watermark })
      emit({ ...withoutKey(column, as), eventTime, watermark: before })
      if (watermark > standing) emit({ kind: 'watermark', time: watermark })
    }
    return onPage({
      ownsTime: true,
      page: stamp,
      tick({ time, order }, emit) {
        if (time <= watermark) return
        emit({ kind: 'moves', order: Float64Array.of(order), before: Float64Array.of(watermark), time })
        emit({ kind: 'watermark', time: (watermark = time) })
      },
      barrier() {
        if (watermark === saved) return
        writer.number(watermark)
        context.state.put(stateKey, writer.take())
        saved = watermark
      },
    })
  },
}

/** A column that is replaced is the key no more. */
function withoutKey(page: Page, as: string | undefined): Page {
  if (as === undefined || page.key?.includes(as) !== true) return page
  const { key: _, ...rest } = page
  return rest
}
