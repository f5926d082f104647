/** `eventTime`: says when each row happened, and writes beside it the watermark as it stood before it. */
import { EventStoreError } from '../event/error.ts'
import { durationMs, type Duration } from './duration.ts'
import type { RowType } from './expressions/types.ts'
import type { Page } from './flow.ts'
import { numbersOf, timesOf } from './kinds.ts'
import { onPage, type Emit } from './lift.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveRows, selectRows } from './page.ts'
import { timedSource } from './time/idle-flow.ts'
import { PartitionTime } from './time/partition-time.ts'
import { type SourceTime, WholeSourceTime } from './time/source-time.ts'

export interface EventTimeOptions {
  readonly field: string
  readonly lag: Duration
  readonly idle?: Duration
  readonly watermark?: 'source' | 'partition'
  readonly maxFuture?: { readonly allow: Duration; readonly of?: string }
}

export const eventTime: Operator<EventTimeOptions> = {
  spec: {
    name: 'eventTime',
    kind: 'stateful',
    summary: 'Says when each row happened and how late others may still come.',
    description:
      'The watermark before a row is the largest event time of all earlier rows that are not suspect, in whole milliseconds, less `lag`; ' +
      'before the first row it is −∞. It is written beside the row, so that windows decide by the row and never by the moment: results do ' +
      'not depend on the size of pages, on speed or on restarts. A row whose event time lies more than `maxFuture.allow` after its own ' +
      'field `maxFuture.of`, or after it was recorded, leaves by the port `suspect` and touches nothing else. A row without an event time ' +
      'is a dead letter; one without the field to compare with is not suspect. With `idle` a source of which nothing was recorded for so ' +
      'long is idle: where streams meet it holds the others back no more, and its own time goes on with the clock, so that the last window ' +
      'closes; that is decided at ticks, which are rows of the log. With `watermark: partition` each partition of the log has a watermark ' +
      'of its own, from its first row on, and the least of them counts: which rows are late then depends on how many partitions there ' +
      'are. [How time works here](../time.md) says more.',
    options: {
      field: {
        type: 'field',
        required: true,
        summary: 'Column with the event time: milliseconds, or ISO 8601 text (UTC when it names no zone).',
      },
      lag: { type: 'duration', required: true, summary: 'How much older than the newest row another row may be without being late.' },
      idle: {
        type: 'duration',
        summary: 'After how long without a row the source holds nothing back any more; never when left out. Only for rows of the log.',
        sample: '30s',
      },
      watermark: {
        type: 'choice',
        choices: ['source', 'partition'],
        default: 'source',
        summary: 'One watermark for all rows, or the least of those of the partitions of the log.',
      },
      maxFuture: {
        type: 'group',
        summary: 'Guards against clocks that run ahead.',
        options: {
          allow: { type: 'duration', required: true, summary: 'How far the event time may lie after `of`.' },
          of: {
            type: 'field',
            summary: 'Column with the time to compare with, for instance of arrival; when it was recorded if left out.',
          },
        },
      },
    },
    ports: { main: 'Rows with their event time.', suspect: 'Rows from too far in the future.' },
    stateVersion: 1,
    keeps: 'the largest event time so far, of each partition with `watermark: partition`',
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
  needs({ field, maxFuture, watermark }, wanted) {
    const beside = [...(maxFuture?.of === undefined ? [] : [maxFuture.of]), ...(watermark === 'partition' ? ['$partition'] : [])]
    return new Set([...wanted('main'), ...wanted('suspect'), field, ...beside])
  },
  types({ watermark, idle }, input) {
    if (watermark === 'partition') checkPartition(input)
    if (idle !== undefined && durationMs(idle, 'idle') === 0)
      throw new EventStoreError('INVALID', 'idle must be more than 0', { option: 'idle' })
    const timed = { ...input, isTimed: true }
    return { main: timed, suspect: timed }
  },
  keepsOf: ({ watermark }) =>
    watermark === 'partition'
      ? 'the largest event time of each partition of the log; which rows are late depends on how many there are'
      : 'the largest event time so far',
  usesClock: ({ idle }) => idle !== undefined,
  create(options, context) {
    const { field, lag, idle, watermark, maxFuture: future } = options
    checkLog(options, context)
    const rule = { lagMs: durationMs(lag, 'lag'), idleMs: idle === undefined ? Infinity : durationMs(idle, 'idle') }
    const allowMs = future ? durationMs(future.allow, 'maxFuture.allow') : Infinity
    const isByPartition = watermark === 'partition'
    const time: SourceTime = isByPartition ? new PartitionTime(rule, context) : new WholeSourceTime(rule, context)
    const flow = timedSource(time, context)
    const stamp = (page: Page, emit: Emit): void => {
      const timed = timesOf(page, field, context)
      const times = timed.column
      const placed = isByPartition ? withPartition(timed.page, context) : timed.page
      const fit = future ? suspectsOf(placed, times, { of: future.of, allowMs }, context) : { page: placed, good: aliveRows(placed) }
      const before = new Float64Array(page.count)
      flow.take({ page: fit.page, rows: fit.good, times }, before, emit)
      const stamped: Page = { ...fit.page, eventTime: times, watermark: before }
      if (fit.suspect) emit(selectRows(stamped, fit.suspect, 'suspect'))
      emit(fit.suspect ? { ...stamped, selection: fit.good } : stamped)
      flow.send(emit)
    }
    return onPage({ ownsTime: true, page: stamp, idle: flow.idle, tick: flow.tick, barrier: () => time.save() })
  },
}

function checkPartition({ isOpen, fields }: RowType): void {
  if (isOpen || Object.hasOwn(fields, '$partition')) return
  const why = 'watermark: partition goes by the column $partition of the log, and the rows that come in have none'
  throw new EventStoreError('INVALID', why, { option: 'watermark' })
}

/** What goes by when or where rows were recorded makes no sense without a log. */
function checkLog({ idle, watermark, maxFuture }: EventTimeOptions, { recordedOf }: StepContext): void {
  if (recordedOf !== undefined) return
  const refuse = (option: string, why: string): never => {
    throw new EventStoreError('INVALID', `${option} ${why}, and these rows come from no log`, { option })
  }
  if (idle !== undefined) refuse('idle', 'goes by when rows were recorded')
  if (watermark === 'partition') refuse('watermark', 'goes by partitions of the log')
  if (maxFuture !== undefined && maxFuture.of === undefined) refuse('maxFuture.of', 'is when a row was recorded if left out')
}

/** A row that lacks its partition is given up. */
function withPartition(page: Page, context: StepContext): Page {
  const { column, page: fit } = numbersOf(page, '$partition', context)
  const { nulls } = column
  const rows = aliveRows(fit)
  const kept = nulls === undefined ? rows : rows.filter(row => nulls[row] === 0)
  for (const row of rows) {
    if (nulls?.[row] !== 1) continue
    context.dead(fit, row, new EventStoreError('INVALID', 'the row has no $partition, by which its watermark is told', {}))
  }
  return { ...selectRows(fit, kept), columns: new Map([...fit.columns, ['$partition', column]]) }
}

interface Future {
  readonly of: string | undefined
  readonly allowMs: number
}

/** The rows whose event time lies too far behind what they are compared with, and the others. */
function suspectsOf(
  given: Page,
  times: Float64Array,
  { of, allowMs }: Future,
  context: StepContext,
): { readonly page: Page; readonly good: Int32Array; readonly suspect?: Int32Array } {
  const recordedOf = context.recordedOf ?? Number
  const { page, column } = of === undefined ? { page: given, column: given.order.map(recordedOf) } : timesOf(given, of, context, true)
  const rows = aliveRows(page)
  const [good, suspect] = [new Int32Array(rows.length), new Int32Array(rows.length)]
  let [goods, suspects] = [0, 0]
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    if ((times[row] as number) - (column[row] as number) > allowMs) suspect[suspects++] = row
    else good[goods++] = row
  }
  if (suspects === 0) return { page, good: rows }
  return { page, good: good.subarray(0, goods), suspect: suspect.subarray(0, suspects) }
}
