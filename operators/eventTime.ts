/** `eventTime`: says when each row happened, and writes beside it the watermark as it stood before it. */
import { ByteReader, ByteWriter } from './aggregates/bytes.ts'
import { durationMs, type Duration } from './duration.ts'
import type { Page } from './flow.ts'
import { timesOf } from './kinds.ts'
import { onPage, type Emit } from './lift.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveRows, selectRows } from './page.ts'

export interface EventTimeOptions {
  readonly field: string
  readonly lag: Duration
  readonly maxFuture?: { readonly allow: Duration; readonly of: string }
}

const maxKey = Uint8Array.of(0)

export const eventTime: Operator<EventTimeOptions> = {
  spec: {
    name: 'eventTime',
    kind: 'stateful',
    summary: 'Says when each row happened and how late others may still come.',
    description:
      'The watermark before a row is the largest event time of all earlier rows that are not suspect, in whole milliseconds, less `lag`; ' +
      'before the first row it is −∞. It is written beside the row, so that windows decide by the row and never by the moment: results do ' +
      'not depend on the size of pages, on speed or on restarts. A row whose event time lies more than `maxFuture.allow` after its own ' +
      'field `maxFuture.of` leaves by the port `suspect` and touches nothing else. A row without an event time is a dead letter; one ' +
      'without the field to compare with is not suspect.',
    options: {
      field: {
        type: 'field',
        required: true,
        summary: 'Column with the event time: milliseconds, or ISO 8601 text (UTC when it names no zone).',
      },
      lag: { type: 'duration', required: true, summary: 'How much older than the newest row another row may be without being late.' },
      maxFuture: {
        type: 'group',
        summary: 'Guards against clocks that run ahead.',
        options: {
          allow: { type: 'duration', required: true, summary: 'How far the event time may lie after `of`.' },
          of: { type: 'field', required: true, summary: 'Column with the time to compare with, for instance of arrival.' },
        },
      },
    },
    ports: { main: 'Rows with their event time.', suspect: 'Rows from too far in the future.' },
    stateVersion: 1,
    keeps: 'the largest event time so far',
  },
  example: {
    title: 'A minute of lag, and a row from the future',
    options: { field: 'at', lag: '1m', maxFuture: { allow: '1m', of: 'arrived' } },
    input: [
      { at: 100_000, arrived: 100_000 },
      { at: 900_000, arrived: 110_000 },
      { at: 160_000, arrived: 160_000 },
      { at: 90_000, arrived: 170_000 },
      'barrier',
    ],
    output: {
      ports: {
        main: [
          { at: 100_000, arrived: 100_000, $eventTime: 100_000, $watermark: -Infinity },
          { at: 160_000, arrived: 160_000, $eventTime: 160_000, $watermark: 40_000 },
          { at: 90_000, arrived: 170_000, $eventTime: 90_000, $watermark: 100_000 },
        ],
        suspect: [{ at: 900_000, arrived: 110_000, $eventTime: 900_000, $watermark: 40_000 }],
      },
    },
  },
  needs: (options, wanted) =>
    new Set([...wanted('main'), ...wanted('suspect'), options.field, ...(options.maxFuture ? [options.maxFuture.of] : [])]),
  types(_, input) {
    const timed = { ...input, isTimed: true }
    return { main: timed, suspect: timed }
  },
  create(options, context) {
    const lagMs = durationMs(options.lag, 'lag')
    const future = options.maxFuture
    const allowMs = future ? durationMs(future.allow, 'maxFuture.allow') : Infinity
    const writer = new ByteWriter()
    let max = readMax(context)
    let saved = max
    const stamp = (page: Page, emit: Emit): void => {
      const before = max
      const timed = timesOf(page, options.field, context)
      const fit = future ? timesOf(timed.page, future.of, context, true) : { column: timed.column, page: timed.page }
      const stamped = stampRows(fit.page, timed.column, fit.column, { max, lagMs, allowMs })
      max = stamped.max
      if (max > before) emit({ kind: 'moves', order: page.order, before: stamped.page.watermark, time: max - lagMs })
      if (stamped.suspect) emit(selectRows(stamped.page, stamped.suspect, 'suspect'))
      emit(stamped.page)
      if (max > before) emit({ kind: 'watermark', time: max - lagMs })
    }
    return onPage({
      ownsTime: true,
      page: stamp,
      barrier: () => {
        if (max === saved) return
        writer.number(max)
        context.state.put(maxKey, writer.take())
        saved = max
      },
    })
  },
}

function readMax(context: StepContext): number {
  let max = -Infinity
  for (const [, value] of context.state.rows()) max = new ByteReader(value).number()
  return max
}

interface Stamped {
  readonly page: Page & { readonly watermark: Float64Array }
  readonly suspect?: Int32Array
  readonly max: number
}

/**
 * Every row gets the watermark before it, also those not alive, so that the row that closed a window can be told. Watermarks are whole, as the
 * bounds of windows are: a result happened a whole millisecond before the end of its window, and must not be late for what follows.
 */
function stampRows(
  page: Page,
  times: Float64Array,
  arrivals: Float64Array,
  rule: { max: number; lagMs: number; allowMs: number },
): Stamped {
  const rows = aliveRows(page)
  const watermark = new Float64Array(page.count)
  const { lagMs, allowMs } = rule
  let max = rule.max
  let suspects = 0
  let next = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    while (next <= row) watermark[next++] = max - lagMs
    const time = times[row] as number
    if (time - (arrivals[row] as number) > allowMs) suspects++
    else if (time > max) max = Math.floor(time)
  }
  while (next < page.count) watermark[next++] = max - lagMs
  const stamped = { ...page, eventTime: times, watermark }
  if (suspects === 0) return { page: stamped, max }
  const suspect = new Int32Array(suspects)
  const good = new Int32Array(rows.length - suspects)
  let atSuspect = 0
  let atGood = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    if ((times[row] as number) - (arrivals[row] as number) > allowMs) suspect[atSuspect++] = row
    else good[atGood++] = row
  }
  return { page: { ...stamped, selection: good }, suspect, max }
}
