/** `joinInterval`: joins rows of two streams whose times lie near each other. */
import { EventStoreError } from '../event/error.ts'
import { type Duration, durationMs } from './duration.ts'
import { typeOfField } from './expressions/types.ts'
import type { Page } from './flow.ts'
import {
  joinDescription,
  joinedRow,
  joinNeeds,
  type JoinOptions,
  keyOfInput,
  kindOption,
  matchOption,
  takeOptions,
} from './joins/join-options.ts'
import { type Entries, PairJoin } from './joins/join-pairs.ts'
import { joinStep } from './joins/join-step.ts'
import { timesOf } from './kinds.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveRows } from './page.ts'
import { timesOf as stampsOf } from './windows/window-aligned.ts'

export interface JoinIntervalOptions extends JoinOptions {
  readonly before?: Duration
  readonly after?: Duration
  readonly until?: string
}

export const joinInterval: Operator<JoinIntervalOptions> = {
  spec: {
    name: 'joinInterval',
    kind: 'keyed',
    summary: 'Joins rows of two streams by key whose times lie near each other.',
    description:
      `${joinDescription}A right row meets a left row of its key when its event time is from \`before\` earlier to \`after\` later than that of ` +
      'the left, both included; with `until` it is up to the time that stands in that column of the left row, as an auction takes bids until ' +
      'it expires. A pair leaves as soon as both rows are there, with the order of the later one, and happened when the later one did. A row ' +
      'that finds no partner leaves when the watermark has passed the last moment at which one could have happened, which is when it ' +
      'happened for those behind the join; rows that leave together do so in the order of (that moment, key). A row is late, and leaves by ' +
      'the port `late`, if the watermark had passed its own time. (Flink: interval join; Kafka Streams: a KStream join with ' +
      '`JoinWindows.before(…).after(…)`.)',
    options: {
      match: matchOption,
      before: { type: 'duration', default: 0, summary: 'How much earlier than the left a right row may have happened.', sample: '5m' },
      after: { type: 'duration', summary: 'How much later; either this or `until` is given.' },
      until: {
        type: 'field',
        isForeign: true,
        summary: 'In place of `after`: column of the left with the last moment, as a time.',
        sample: 'expires',
      },
      kind: kindOption,
      ...takeOptions,
    },
    ports: { main: 'A row for each pair, or as `kind` says.', late: 'Rows whose time the watermark had passed.' },
    stateVersion: 1,
    keeps: 'the rows of both sides until the watermark has passed the last moment for a partner',
    needsEventTime: true,
    inputs: 2,
  },
  example: {
    title: 'Orders paid within an hour, and those that were not',
    options: { match: { order: 'of' }, after: '1h', kind: 'left', take: ['amount'] },
    input: [
      { order: 1, $eventTime: 1_000, $watermark: -Infinity },
      { of: 1, amount: 30, $input: 1, $eventTime: 2_000, $watermark: 1_000 },
      { order: 2, $eventTime: 5_000, $watermark: 2_000 },
      { of: 2, amount: 7, $input: 1, $eventTime: 3_605_001, $watermark: 5_000 },
      'watermark 3605001',
      { order: 3, $eventTime: 3_605_000, $watermark: 3_605_001 },
      'end',
      'barrier',
    ],
    output: {
      ports: {
        main: [
          { order: 1, amount: 30 },
          { order: 2, amount: null },
        ],
        late: [{ order: 3 }],
      },
    },
  },
  needs: (options, wanted, _, input = 0) =>
    joinNeeds(options, { wanted, input, others: options.until === undefined ? [] : [options.until] }),
  types(options, input, _, inputs = [input, input]) {
    boundsOf(options)
    const { until } = options
    if (until !== undefined && inputs[0] !== undefined && typeOfField(inputs[0], until) === undefined)
      throw new EventStoreError('INVALID', `there is no column ${until} on the left`, { option: 'until' })
    return { main: joinedRow(options, inputs) }
  },
  keepsOf(options) {
    const { beforeMs } = boundsOf(options)
    const left = options.until === undefined ? `its time by ${options.after}` : `its \`${options.until}\``
    const right = beforeMs === 0 ? 'its time' : `its time by ${options.before}`
    return `a left row until the watermark has passed ${left}, a right row until it has passed ${right}`
  },
  splitBy: (options, _, input) => keyOfInput(options, input),
  create(options, context) {
    const { beforeMs, afterMs } = boundsOf(options)
    const { until } = options
    const shape = { join: 'interval', beforeMs, ...(until === undefined ? { afterMs } : { until }) }
    const entriesOf = (page: Page, input: 0 | 1, { dead }: Pick<StepContext, 'dead'>): Entries => {
      const isUntil = input === 0 && until !== undefined
      const fitting = isUntil ? timesOf(page, until, { ...context, dead }) : undefined
      const { eventTime } = stampsOf(page)
      return entries(fitting?.page ?? page, { from: fitting?.column ?? eventTime, plus: fitting ? 0 : input === 0 ? afterMs : beforeMs })
    }
    return joinStep(new PairJoin(context, { join: options, shape, keepsLeft: true, isTable: false, entriesOf }))
  },
}

function entries(page: Page, { from, plus }: { from: Float64Array; plus: number }): Entries {
  const rows = aliveRows(page)
  const { eventTime } = stampsOf(page)
  const closes = new Float64Array(rows.length)
  const deadlines = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    closes[i] = (from[row] as number) + plus
    deadlines[i] = eventTime[row] as number
  }
  return { page, rows, closes, deadlines }
}

function boundsOf({ before = 0, after, until }: JoinIntervalOptions): { readonly beforeMs: number; readonly afterMs: number } {
  if ((after === undefined) === (until === undefined))
    throw new EventStoreError(
      'INVALID',
      'say how far right rows may lie behind a left one: by after, a duration, or by until, a column of the left',
      {
        option: after === undefined ? 'after' : 'until',
      },
    )
  return { beforeMs: durationMs(before, 'before'), afterMs: after === undefined ? 0 : durationMs(after, 'after') }
}
