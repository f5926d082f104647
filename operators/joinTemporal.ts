/** `joinTemporal`: joins each row with the version of a row of another stream that was valid at its time. */
import { EventStoreError } from '../event/error.ts'
import { type Duration } from './duration.ts'
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
import { joinStep } from './joins/join-step.ts'
import { TemporalJoin } from './joins/join-temporal.ts'
import type { Operator } from './operator.ts'
import { positiveMs } from './windows/window-step.ts'

const kinds = ['inner', 'left', 'semi', 'anti'] as const

export interface JoinTemporalOptions extends JoinOptions {
  readonly kind?: (typeof kinds)[number]
  readonly ttl?: Duration
}

export const joinTemporal: Operator<JoinTemporalOptions> = {
  spec: {
    name: 'joinTemporal',
    kind: 'keyed',
    summary: 'Joins each row with the version of a row of another stream that was valid when it happened.',
    description:
      `${joinDescription}Each row of the right is a version of its key, valid from its event time until that of the next one; of two with the same ` +
      'time the one that came last counts. A left row meets the version that was valid at its own event time, in whatever order they come: it ' +
      'waits until the watermark has passed its time, so that no other version can come, and happened when it did. Rows leave in the order ' +
      'of (time, key). A left row is late, and leaves by the port `late`, if the watermark had passed its time. A version that comes late ' +
      'counts for the left rows that are still to leave. (Flink: event-time temporal join, `FOR SYSTEM_TIME AS OF`; Kafka Streams: a join with a ' +
      'versioned KTable.)',
    options: {
      match: matchOption,
      ttl: {
        type: 'duration',
        summary: 'A version is not found any more so long after its time; without it the newest of each key is kept for ever.',
        sample: '30d',
      },
      kind: { ...kindOption, choices: kinds, summary: `${kindOption.summary} Rows of the right never leave alone.` },
      ...takeOptions,
    },
    ports: { main: 'Each left row with its version, or as `kind` says.', late: 'Left rows whose time the watermark had passed.' },
    stateVersion: 1,
    keeps: 'left rows until the watermark has passed them, and of each key of the right the version valid now and those after it',
    needsEventTime: true,
    inputs: 2,
  },
  example: {
    title: 'Orders in euro, at the rate of their time',
    options: { match: ['currency'], take: ['rate'] },
    input: [
      { currency: 'USD', rate: 0.9, $input: 1, $eventTime: 0, $watermark: -Infinity },
      { currency: 'USD', amount: 10, $input: 0, $eventTime: 3_000, $watermark: 0 },
      { currency: 'USD', amount: 20, $input: 0, $eventTime: 5_000, $watermark: 1_000 },
      { currency: 'USD', rate: 0.8, $input: 1, $eventTime: 4_000, $watermark: 2_000 },
      { currency: 'JPY', amount: 30, $input: 0, $eventTime: 5_000, $watermark: 2_000 },
      'watermark 5001',
      'end',
      'barrier',
    ],
    output: {
      ports: {
        main: [
          { currency: 'USD', amount: 10, rate: 0.9 },
          { currency: 'USD', amount: 20, rate: 0.8 },
        ],
      },
    },
  },
  needs: (options, wanted, _, input = 0) => joinNeeds(options, { wanted, input }),
  types(options, input, _, inputs = [input, input]) {
    ttlOf(options)
    return { main: joinedRow(options, inputs) }
  },
  keepsOf({ ttl }) {
    const newest = ttl === undefined ? 'for ever' : `until the watermark has passed it by ${ttl}`
    return `a left row until the watermark has passed its time, a version of the right until it has passed the next one's, the newest of each key ${newest}`
  },
  splitBy: (options, _, input) => keyOfInput(options, input),
  create(options, context) {
    const ttlMs = ttlOf(options)
    const shape = { join: 'temporal', ttlMs: ttlMs === Infinity ? null : ttlMs }
    return joinStep(new TemporalJoin(context, { join: options, shape, ttlMs }))
  },
}

function ttlOf({ ttl, kind = 'inner' }: JoinTemporalOptions): number {
  if (!kinds.includes(kind)) throw new EventStoreError('INVALID', `kind must be one of ${kinds.join(', ')}`, { option: 'kind' })
  return ttl === undefined ? Infinity : positiveMs(ttl, 'ttl')
}
