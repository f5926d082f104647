/** `every`: makes a row each so often by the clock. */
import { EventStoreError } from '../event/error.ts'
import { ByteReader, ByteWriter } from './aggregates/bytes.ts'
import { durationMs, type Duration } from './duration.ts'
import { onlyFields } from './expressions/types.ts'
import { onPage, type Emit } from './lift.ts'
import type { Operator } from './operator.ts'
import { aliveRows, pageOf } from './page.ts'

export interface EveryOptions {
  readonly interval: Duration
  readonly offset?: Duration
}

const stateKey = Uint8Array.of(0)
/** Ticks are no more frequent than this. */
const intervalMsLeast = 10

export const every: Operator<EveryOptions> = {
  spec: {
    name: 'every',
    kind: 'stateful',
    summary: 'Makes a row each so often by the clock.',
    description:
      'The instants are the multiples of `interval` since the epoch, shifted by `offset`. Once one has passed a row leaves, with `at`, the ' +
      'instant in ms, and `missed`, how many instants before it gave no row: after a pause there is one row for all that passed ' +
      'meanwhile. What says that an instant has passed is when the rows that come in were recorded, whatever they hold, and where none ' +
      'comes a tick, which the node writes into the log; so the same log gives the same rows. Instants before the first row or tick give none.',
    shorthand: 'interval',
    options: {
      interval: { type: 'duration', required: true, summary: 'Time between two instants, from 10ms on.' },
      offset: {
        type: 'duration',
        default: 0,
        summary: 'What the instants are shifted by: `interval: 1d`, `offset: 6h` is each day at six, UTC.',
      },
    },
    ports: { main: 'A row for each instant.' },
    stateVersion: 1,
    keeps: 'the next instant',
  },
  example: {
    title: 'Every second',
    options: { interval: '1s' },
    input: [{ size: 1, $order: 400 }, { size: 2, $order: 1100 }, 'barrier', { size: 3, $order: 1900 }, 'tick 2000', 'tick 5500'],
    output: {
      ports: {
        main: [
          { at: 1000, missed: 0 },
          { at: 2000, missed: 0 },
          { at: 5000, missed: 2 },
        ],
      },
    },
  },
  needs: () => new Set(),
  types({ interval, offset = 0 }, input) {
    if (durationMs(interval, 'interval') < intervalMsLeast)
      throw new EventStoreError('INVALID', `interval must be at least ${intervalMsLeast}ms`, { option: 'interval' })
    if (durationMs(offset, 'offset') >= durationMs(interval, 'interval'))
      throw new EventStoreError('INVALID', 'offset must be less than interval', { option: 'offset' })
    return { main: { ...onlyFields(input, { at: 'timestamp', missed: 'integer' }), isOpen: false, isTimed: false, key: [] } }
  },
  usesClock: () => true,
  create(options, context) {
    const intervalMs = durationMs(options.interval, 'interval')
    const offsetMs = durationMs(options.offset ?? 0, 'offset')
    const writer = new ByteWriter()
    /** The next instant; NaN before anything was recorded. */
    let next = NaN
    for (const [, value] of context.state.rows()) next = new ByteReader(value).number()
    let saved = next
    context.waits?.({ for: 'clock', at: () => (Number.isNaN(next) ? -Infinity : next) })
    const lastUpTo = (time: number): number => Math.floor((time - offsetMs) / intervalMs) * intervalMs + offsetMs
    /** The row of the instants that have passed at a time; undefined when none has. */
    const passed = (time: number): { at: number; missed: number } | undefined => {
      if (time < next) return undefined
      const [first, last] = [next, lastUpTo(time)]
      next = last + intervalMs
      return Number.isNaN(first) ? undefined : { at: last, missed: (last - first) / intervalMs }
    }
    const send = (made: readonly { at: number; missed: number }[], orders: readonly number[], emit: Emit): void => {
      if (made.length > 0) emit(pageOf([...made], { order: Float64Array.from(orders) }))
    }
    const { recordedOf } = context
    return onPage({
      page(page, emit) {
        if (recordedOf === undefined) return
        const [made, orders]: [{ at: number; missed: number }[], number[]] = [[], []]
        const rows = aliveRows(page)
        for (let i = 0; i < rows.length; i++) {
          const order = page.order[rows[i] as number] as number
          const time = recordedOf(order)
          const row = passed(time)
          if (row === undefined) continue
          made.push(row)
          orders.push(order)
        }
        send(made, orders, emit)
      },
      tick({ time, order }, emit) {
        const row = passed(time)
        if (row !== undefined) send([row], [order], emit)
      },
      barrier() {
        if (Object.is(next, saved)) return
        writer.number(next)
        context.state.put(stateKey, writer.take())
        saved = next
      },
    })
  },
}
