/** `globalWindow`: aggregates all rows of a key in one window that never closes; a trigger says when results leave. */
import { EventStoreError } from '../event/error.ts'
import { type Duration, durationMs } from './duration.ts'
import type { Operator, StepContext } from './operator.ts'
import { conditionOf, conditionReads } from './rows/condition.ts'
import { type Evict, GlobalWindows, type Trigger } from './windows/window-global.ts'
import { aggregateOption, byOption, keyedRow, positiveMs, windowStep } from './windows/window-step.ts'
import { aggregatedRow, type AggregateUses, fieldsRead } from './windows/window-uses.ts'

export interface GlobalWindowOptions {
  readonly trigger: 'everyRow' | { readonly count?: number; readonly every?: Duration; readonly when?: string }
  readonly purge?: boolean
  readonly evict?: { readonly rows?: number; readonly range?: Duration }
  readonly by?: readonly string[]
  readonly aggregate: AggregateUses
}

/** So many rows are kept for a key at most. */
const rowsMax = 1_000_000

function evictOf({ evict = {} }: GlobalWindowOptions): Evict {
  const { rows = Infinity, range } = evict
  if (rows !== Infinity && range !== undefined)
    throw new EventStoreError('INVALID', 'rows go by their number or by their time: evict has rows or range', { option: 'evict' })
  return { rows, rangeMs: range === undefined ? Infinity : durationMs(range, 'evict.range') }
}

type TimedTrigger = Omit<Trigger, 'when'> & { readonly condition: string | undefined }

function triggerOf({ trigger }: GlobalWindowOptions): TimedTrigger {
  const none = { count: Infinity, everyMs: Infinity, condition: undefined, said: trigger }
  if (trigger === 'everyRow') return { ...none, count: 1 }
  const { count, every, when } = trigger
  if ([count, every, when].filter(one => one !== undefined).length !== 1)
    throw new EventStoreError('INVALID', 'a trigger is one of everyRow, { count: 100 }, { every: 10s } and { when: condition }', {
      option: 'trigger',
    })
  if (count !== undefined) return { ...none, count }
  return every === undefined ? { ...none, condition: when } : { ...none, everyMs: positiveMs(every, 'trigger.every') }
}

async function readyTrigger(options: GlobalWindowOptions, context: StepContext): Promise<Trigger> {
  const { condition, ...trigger } = triggerOf(options)
  return { ...trigger, when: condition === undefined ? undefined : await conditionOf(condition, context) }
}

export const globalWindow: Operator<GlobalWindowOptions> = {
  spec: {
    name: 'globalWindow',
    kind: 'keyed',
    summary: 'Aggregates all rows of a key in one window that never closes; a trigger says when results leave.',
    description:
      "Flink's global window with a trigger and an evictor. `trigger` fires with each row (`everyRow`), with each so many rows of the key " +
      '(`{ count: 100 }`), with each row for which a condition is true, which is a punctuation (`{ when: last }`), or each so long in event ' +
      'time (`{ every: 10s }`): when the watermark reaches the next multiple of `every` after the first row since results left last. The ' +
      'results are the key columns and the aggregates. Where a row fires they leave in its place, the row included, with its event time if ' +
      'it has one; where time fires they happened then, and leave in the order of (time, key). Then the window goes on (`FIRE`), or with ' +
      '`purge` it is emptied (`FIRE_AND_PURGE`), and nothing is kept of the key until its next row.\n\nWith `evict` the window holds not all ' +
      'rows but the last so many, or those that happened so long before the newest of the key; rows are taken in the order in which they ' +
      'come, and none is late. Without `evict` there is one cell for each key, however many rows there were.',
    shorthand: 'trigger',
    options: {
      trigger: {
        type: 'choice',
        required: true,
        choices: ['everyRow'],
        options: {
          count: { type: 'number', least: 1, isWhole: true, summary: 'Fires with each so many rows of a key.' },
          every: { type: 'duration', summary: 'Fires each so long in event time, where rows have come.' },
          when: { type: 'condition', summary: 'Fires with the rows of which it is true: an expression, or a function as `module#export`.' },
        },
        summary: 'When results leave: `everyRow`, or one of these.',
      },
      purge: { type: 'boolean', default: false, summary: 'Whether the window is emptied when its results have left.', sample: true },
      evict: {
        type: 'group',
        summary: 'Which rows stay in the window; all when left out.',
        options: {
          rows: { type: 'number', least: 1, most: rowsMax, isWhole: true, summary: 'The last so many.' },
          range: {
            type: 'duration',
            summary: 'Those that happened at most so long before the newest; needs an `eventTime` before the step.',
          },
        },
        sample: { rows: 3 },
      },
      by: byOption,
      aggregate: aggregateOption,
    },
    ports: { main: 'A row each time that a window fires.' },
    stateVersion: 1,
    keeps: 'a cell for each key, or one for each row that stays',
  },
  example: {
    title: 'The readings of a machine between two stops',
    options: {
      trigger: { when: "event = 'stop'" },
      purge: true,
      by: ['machine'],
      aggregate: { readings: { aggregate: 'count' }, heat: { aggregate: 'max', field: 'heat' } },
    },
    input: [
      { machine: 'a', heat: 20, event: 'run' },
      { machine: 'b', heat: 70, event: 'run' },
      { machine: 'a', heat: 60, event: 'run' },
      'barrier',
      { machine: 'a', heat: 30, event: 'stop' },
      { machine: 'a', heat: 25, event: 'run' },
      { machine: 'b', heat: 40, event: 'stop' },
      { machine: 'a', heat: 35, event: 'stop' },
      'barrier',
    ],
    output: {
      ports: {
        main: [
          { machine: 'a', readings: 3, heat: 60 },
          { machine: 'b', readings: 2, heat: 70 },
          { machine: 'a', readings: 2, heat: 35 },
        ],
      },
    },
  },
  needs(options, _, functionOf) {
    const { condition } = triggerOf(options)
    return new Set([
      ...fieldsRead(options.aggregate, options.by),
      ...(condition === undefined ? [] : conditionReads(condition, functionOf)),
    ])
  },
  types(options, input) {
    const [{ everyMs }, { rangeMs }] = [triggerOf(options), evictOf(options)]
    for (const [option, length] of [
      ['trigger.every', everyMs],
      ['evict.range', rangeMs],
    ] as const)
      if (length !== Infinity && !input.isTimed)
        throw new EventStoreError('INVALID', `${option} is measured in event time, but no eventTime stands before the step`, { option })
    return { main: aggregatedRow(options.aggregate, keyedRow(input, options.by)) }
  },
  splitBy: ({ by }, key) => by ?? key,
  keepsOf({ purge = false, evict: { rows, range } = {} }) {
    const until = purge ? 'of each key until it fires' : 'of each key that ever came'
    if (rows !== undefined) return `the last ${rows} rows ${until}`
    return range === undefined ? `a cell ${until}` : `the rows of the last ${range} ${until}`
  },
  async create(options, context) {
    const { purge = false, by, aggregate } = options
    const trigger = await readyTrigger(options, context)
    return windowStep(new GlobalWindows(context, { trigger, evict: evictOf(options), purge, by, aggregate }))
  },
}
