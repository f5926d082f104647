/** `countWindow`: aggregates each so many rows of a key. */
import type { Operator } from './operator.ts'
import { CountWindows } from './windows/window-counts.ts'
import { aggregateOption, byOption, checkOverlap, keyedRow, windowsOfRowMax, windowStep } from './windows/window-step.ts'
import { aggregatedRow, type AggregateUses, fieldsRead } from './windows/window-uses.ts'

export interface CountWindowOptions {
  readonly size: number
  readonly every?: number
  readonly flushAtEnd?: boolean
  readonly by?: readonly string[]
  readonly aggregate: AggregateUses
}

export const countWindow: Operator<CountWindowOptions> = {
  spec: {
    name: 'countWindow',
    kind: 'keyed',
    summary: 'Aggregates each `size` rows of a key.',
    description:
      'Rows are counted by key in the order in which they come. A window of `size` rows starts with the first row and then each `every` ' +
      'rows: one behind another when `every` is left out, or overlapping. When it is full it gives a row: the key columns and the ' +
      'aggregates, in the place of the row that filled it, with its event time if rows have one. Windows that are not full at the end of ' +
      'the input give nothing, or with `flushAtEnd` what they hold, in the order of (key, age); rows with an event time then happened at ' +
      'their last one, but not before the watermark. What a key has begun is kept until it is full, however long that takes. A row may belong to ' +
      `${windowsOfRowMax} windows.`,
    shorthand: 'size',
    options: {
      size: { type: 'number', required: true, least: 1, isWhole: true, summary: 'Rows of a window.' },
      every: { type: 'number', least: 1, isWhole: true, summary: 'A window starts each so many rows; as `size` when left out.', sample: 1 },
      flushAtEnd: {
        type: 'boolean',
        default: false,
        summary: 'Gives the windows that are not full at the end of the input.',
        sample: true,
      },
      by: byOption,
      aggregate: aggregateOption,
    },
    ports: { main: 'A row for each window that is full.' },
    stateVersion: 1,
    keeps: 'the windows of each key that are not full, however long that takes',
  },
  example: {
    title: 'The mean of each three rows of a sensor',
    options: { size: 3, every: 2, by: ['sensor'], aggregate: { heat: { aggregate: 'mean', field: 'heat' } } },
    input: [
      { sensor: 'a', heat: 1 },
      { sensor: 'a', heat: 2 },
      { sensor: 'b', heat: 90 },
      'barrier',
      { sensor: 'a', heat: 3 },
      { sensor: 'a', heat: 4 },
      { sensor: 'a', heat: 8 },
      { sensor: 'a', heat: 9 },
      'end',
      'barrier',
    ],
    output: {
      ports: {
        main: [
          { sensor: 'a', heat: 2 },
          { sensor: 'a', heat: 5 },
        ],
      },
    },
  },
  needs: ({ aggregate, by }) => fieldsRead(aggregate, by),
  types({ size, every = size, by, aggregate }, input) {
    checkOverlap(size, every)
    return { main: aggregatedRow(aggregate, keyedRow(input, by)) }
  },
  splitBy: ({ by }, key) => by ?? key,
  create({ size, every = size, flushAtEnd = false, by, aggregate }, context) {
    checkOverlap(size, every)
    return windowStep(new CountWindows(context, { size, every, flushAtEnd, by, aggregate }))
  },
}
