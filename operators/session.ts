/** `session`: aggregates rows by key in windows that last as long as rows keep coming. */
import { type Duration } from './duration.ts'
import type { Operator } from './operator.ts'
import { Sessions } from './windows/window-sessions.ts'
import {
  aggregateOption,
  byOption,
  keyedRow,
  positiveMs,
  refiringDescription,
  refiringOf,
  type RefiringOptions,
  refiringSpecs,
  windowStep,
} from './windows/window-step.ts'
import { aggregatedRow, type AggregateUses, fieldsRead, windowBounds } from './windows/window-uses.ts'

export interface SessionOptions extends RefiringOptions {
  readonly gap: Duration
  readonly by?: readonly string[]
  readonly aggregate: AggregateUses
}

export const session: Operator<SessionOptions> = {
  spec: {
    name: 'session',
    kind: 'keyed',
    summary: 'Aggregates rows by key in sessions: a session ends when the gap to the next row is more than `gap`.',
    description:
      'A row at most `gap` before or after the rows of a session belongs to it, and a row between two sessions makes one of them. A session ' +
      'closes when the watermark is past its last row plus `gap`, or at the end of the input; it then gives a row: the key columns, ' +
      '`windowStart`, the time of its first row, `windowEnd`, that of its last row plus `gap`, and the aggregates. Rows leave in the order ' +
      'of (window end, key), happened at `windowEnd`, and carry it as their watermark: no session that ends earlier is still to come, so ' +
      'none is late for windows behind the step. A row is late, and leaves by the port `late`, if and only if the watermark stamped beside ' +
      'it is past its time plus `gap` and it belongs to no session still open at that stamp. `first`, `last`, `collect` and `argMax` go by ' +
      'the order of the rows also where sessions became one; sums of numbers that are not whole are then added part by part, the earlier ' +
      `session first. ${refiringDescription} A session is kept until the watermark is past \`windowEnd\` plus \`allowedLateness\`; where ` +
      'its start moves, or two that have given results become one, the rows given before stay as they are.',
    shorthand: 'gap',
    options: {
      gap: { type: 'duration', required: true, summary: 'The longest time without a row inside of a session.' },
      by: { ...byOption, sample: ['user'] },
      aggregate: aggregateOption,
      ...refiringSpecs,
    },
    ports: { main: 'A row for each session.', late: 'Rows that would be in a session that had closed.' },
    stateVersion: 1,
    keeps: 'a cell for each open session, until the watermark is past it',
    needsEventTime: true,
  },
  example: {
    title: 'Visits of a shop',
    options: { gap: '30m', by: ['user'], aggregate: { pages: { aggregate: 'count' }, entry: { aggregate: 'first', field: 'page' } } },
    input: [
      { user: 'ann', page: '/', $eventTime: 0, $watermark: -Infinity },
      { user: 'bob', page: '/sale', $eventTime: 60_000, $watermark: -Infinity },
      { user: 'ann', page: '/pen', $eventTime: 1_800_000, $watermark: 0 },
      { user: 'ann', page: '/ink', $eventTime: 3_600_001, $watermark: 1_200_000 },
      'watermark 3600001',
      { user: 'bob', page: '/cart', $eventTime: 120_000, $watermark: 3_600_001 },
      'end',
      'barrier',
    ],
    output: {
      ports: {
        main: [
          { user: 'bob', windowStart: 60_000, windowEnd: 1_860_000, pages: 1, entry: '/sale' },
          { user: 'ann', windowStart: 0, windowEnd: 3_600_000, pages: 2, entry: '/' },
          { user: 'ann', windowStart: 3_600_001, windowEnd: 5_400_001, pages: 1, entry: '/ink' },
        ],
        late: [{ user: 'bob', page: '/cart' }],
      },
    },
  },
  needs: (options, wanted) => new Set([...fieldsRead(options.aggregate, options.by), ...wanted('late')]),
  types({ gap, by, aggregate, ...options }, input) {
    positiveMs(gap, 'gap')
    refiringOf(options)
    return { main: { ...aggregatedRow(aggregate, keyedRow(input, by), windowBounds), isTimed: true } }
  },
  splitBy: ({ by }, key) => by ?? key,
  create({ gap, by, aggregate, ...options }, context) {
    const refiring = refiringOf(options)
    return windowStep(new Sessions(context, { gapMs: positiveMs(gap, 'gap'), by, aggregate, ...refiring }), refiring.lateMs)
  },
}
