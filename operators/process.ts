/** `process`: calls a function of the user with the state of a key for each row, and for each timer that it has set. */
import { EventStoreError } from '../event/error.ts'
import { durationMs, type Duration } from './duration.ts'
import { onlyFields, typeOfField, type RowType, type ValueType } from './expressions/types.ts'
import { readsOf } from './functions.ts'
import { processing } from './keyed/processing.ts'
import { jsonOf } from './keyed/json-state.ts'
import type { ProcessContext } from './keyed/process-call.ts'
import { jsonUpgrade } from './keyed/json-upgrade.ts'
import { type SchemaOptions, schemaSpecs } from './keyed/schema-options.ts'
import { meaningOf, statePart } from './keyed/timed-states.ts'
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'
import { endOf } from './windows/window-order.ts'

export type { ProcessContext } from './keyed/process-call.ts'

export interface ProcessOptions extends SchemaOptions {
  readonly by?: readonly string[]
  /** `module#export` */
  readonly with: string
  /** `module#export` */
  readonly onTimer?: string
  readonly initial?: unknown
  readonly ttl?: Duration
}

interface Seen {
  last?: number
}

export const process: Operator<ProcessOptions> = {
  spec: {
    name: 'process',
    kind: 'keyed',
    summary: 'Calls a function with the state of the key for each row; it sends rows on and sets timers.',
    description:
      'The function is `(state, row, context)`, as in a KeyedProcessFunction of Flink. It is given a copy of the state, and the fields of ' +
      'the row that are not null, without those of the envelope. What it returns is the state from now on; when it returns nothing, the ' +
      'copy as it left it; `null` forgets the state, so that the next row begins with `initial`. `context.emit(row)` sends a row on, with ' +
      'the columns of the key; `context.timer(at, name)` has `onTimer` called with `(state, { at, name }, context)` once the watermark has ' +
      'come to `at`; `context.deleteTimer(name)`, or the time of one without a name, takes it back; `context.key`, `context.time` and ' +
      '`context.watermark` say where it is. Timers are saved with the state. They fire in the order of (time, key), before the first row ' +
      'that comes when the watermark has reached them, and those that are due already right behind the row that set them; rows made by a ' +
      'timer happened when it was due. At the end of the input all that are left fire, and timers set then fire no more. With `ttl` a ' +
      'state is forgotten when the watermark has come to the event time of the last row of its key and `ttl`; its timers stay. The state is ' +
      'JSON. When a call throws, nothing of it counts: the row is a dead letter; for a timer there is a dead letter with the key, ' +
      '`timerAt` and `timerName`, which can not be replayed, and the timer is gone. For timers by the clock, put a `processingTime` ' +
      'before the step.',
    options: {
      by: { type: 'list', summary: 'Columns that are the key; those of `keyBy` when left out, one state for all rows without either.' },
      with: { type: 'function', required: true, summary: 'The function for rows, as `module#export`.' },
      onTimer: { type: 'function', summary: 'The function for timers, as `module#export`; needs an `eventTime` before the step.' },
      initial: { type: 'json', default: {}, summary: 'State of a key before its first row.' },
      ttl: { type: 'duration', summary: 'How long a state is kept without a row of its key, in event time.', sample: '1h' },
      ...schemaSpecs,
    },
    ports: { main: 'What the functions emit.' },
    stateVersion: 1,
    keeps: 'the state and the timers of each key, states with `ttl` for that time',
  },
  example: {
    title: 'Who has been silent for a minute',
    options: { by: ['user'], with: './functions.ts#seen', onTimer: './functions.ts#silent' },
    functions: {
      './functions.ts#seen': (state: Seen, row: { page: string }, context: ProcessContext) => {
        if (typeof row.page !== 'string') throw new TypeError('no page')
        state.last = context.time
        context.timer(context.time + 60_000, 'silence')
      },
      './functions.ts#silent': ({ last }: Seen, timer: { at: number }, context: ProcessContext) => {
        context.emit({ last, silentAt: timer.at })
        return null
      },
    },
    input: [
      { user: 'ann', page: '/', $eventTime: 0, $watermark: -Infinity },
      { user: 'bob', page: '/pen', $eventTime: 10_000, $watermark: 0 },
      { user: 'ann', page: '/ink', $eventTime: 50_000, $watermark: 10_000 },
      'watermark 90000',
      'barrier',
      'end',
      'barrier',
    ],
    output: {
      ports: {
        main: [
          { user: 'bob', last: 10_000, silentAt: 70_000, $eventTime: 70_000, $watermark: 70_000 },
          { user: 'ann', last: 50_000, silentAt: 110_000, $eventTime: 110_000, $watermark: 110_000 },
        ],
      },
    },
  },
  needs: (options, _, functionOf) => new Set([...(options.by ?? []), ...(readsOf(functionOf(options.with)) ?? ['*'])]),
  types(options, input) {
    checkOptions(options, input)
    const key = options.by ?? input.key
    const fields = Object.fromEntries(key.map((name): [string, ValueType] => [name, typeOfField(input, name) ?? 'any']))
    const made: RowType = onlyFields(input, fields)
    return { main: { ...made, isOpen: true, isTimed: input.isTimed, key: input.key.every(name => key.includes(name)) ? input.key : [] } }
  },
  splitBy: ({ by }, key) => by ?? key,
  keepsOf: ({ ttl }) => `the state and the timers of each key${ttl === undefined ? '' : `, states for ${ttl} of event time without a row`}`,
  upgradeState: ({ ttl, upgrade }, context) =>
    jsonUpgrade(context, { reference: upgrade as string, meaning: meaningOf(ttlMsOf(ttl)), check: () => undefined, part: statePart }),
  async create(options, context) {
    const { ttl, initial = {} } = options
    const step = await processing(context, { ...options, initial: jsonOf(initial), ttlMs: ttlMsOf(ttl) })
    return onPage({
      page: (page, emit) => step.take(page, emit),
      moves: moves => step.expect(moves),
      watermark: ({ time }, emit) => time !== 'idle' && step.advance(time, emit),
      barrier: () => step.save(),
      end(emit, order) {
        if (order !== undefined) step.expect(endOf(order))
        step.advance(Infinity, emit)
      },
    })
  },
}

function ttlMsOf(ttl: Duration | undefined): number {
  return ttl === undefined ? Infinity : durationMs(ttl, 'ttl')
}

function checkOptions({ initial = {}, ttl, onTimer }: ProcessOptions, input: RowType): void {
  const refuse = (option: string, message: string): never => {
    throw new EventStoreError('INVALID', message, { option })
  }
  try {
    jsonOf(initial)
  } catch (error) {
    refuse('initial', error instanceof Error ? error.message : String(error))
  }
  if (ttl !== undefined && durationMs(ttl, 'ttl') === 0) refuse('ttl', 'ttl must be more than 0')
  if (input.isTimed) return
  if (ttl !== undefined) refuse('ttl', 'a ttl is measured in event time, but no eventTime stands before the step')
  if (onTimer !== undefined) refuse('onTimer', 'timers are due in event time, but no eventTime or processingTime stands before the step')
}
