/** `joinTable`: joins each row with the newest row of its key of another stream. */
import { EventStoreError } from '../event/error.ts'
import { type Duration, durationMs } from './duration.ts'
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
import type { Operator } from './operator.ts'
import { aliveRows } from './page.ts'
import { timesOf } from './windows/window-aligned.ts'

export interface JoinTableOptions extends JoinOptions {
  readonly keep?: 'right' | 'both'
  readonly ttl?: Duration
  readonly state?: 'unbounded'
}

export const joinTable: Operator<JoinTableOptions> = {
  spec: {
    name: 'joinTable',
    kind: 'keyed',
    summary: 'Joins each row with the newest row of its key of another stream, which is a table.',
    description:
      `${joinDescription}The right is a table: of each key the row that came last, also where it happened earlier. A left row meets the row ` +
      'that is there when it comes, in the order of the log, and leaves at once; rows of the right make nothing leave. Rows that are both ' +
      'made of one event meet the table as it stood before it. With `keep: both` left rows are kept too, and each row of the right joins ' +
      'with all left rows of its key that came before it, so that either side may come first. What has left is not taken back: when a row ' +
      'of the table changes, the left rows that are kept leave again with the new one, and without `keep: both` they keep what they met. ' +
      'Left rows of `keep: both` are never replaced, so their number has no bound: say `ttl`, or `state: unbounded`. With `ttl` rows meet ' +
      'whose times lie less than that apart, and are given up when the watermark has passed them by it. A row that finds no partner leaves ' +
      'then; without `keep: both` at once, and with `state: unbounded` at the end of the input. (Flink: regular join of a table by key, ' +
      'without retractions; Kafka Streams: a KStream–KTable join, with `keep: both` what a foreign-key join gives.)',
    options: {
      match: matchOption,
      keep: {
        type: 'choice',
        choices: ['right', 'both'],
        default: 'right',
        summary: 'Which rows wait for those that come later: the newest of each key of the right, or the left ones as well.',
        sample: 'right',
      },
      ttl: {
        type: 'duration',
        summary: 'For how long rows are kept, in event time; needs an `eventTime` before both inputs.',
        sample: '1h',
      },
      state: {
        type: 'choice',
        choices: ['unbounded'],
        summary: '`unbounded` says that left rows may be kept for ever: memory grows with each of them.',
        sample: 'unbounded',
      },
      kind: kindOption,
      ...takeOptions,
    },
    ports: { main: 'A row for each pair, or as `kind` says.' },
    stateVersion: 1,
    keeps: 'the newest row of each key of the right',
    inputs: 2,
  },
  example: {
    title: 'Auctions with their sellers, whichever comes first',
    options: { match: { seller: 'id' }, keep: 'both', state: 'unbounded', take: ['name'] },
    input: [
      { id: 7, name: 'Ann', $input: 1 },
      { item: 'lamp', seller: 7, $input: 0 },
      { item: 'book', seller: 8, $input: 0 },
      'barrier',
      { id: 8, name: 'Bob', $input: 1 },
      { item: 'door', seller: null, $input: 0 },
    ],
    output: {
      ports: {
        main: [
          { item: 'lamp', seller: 7, name: 'Ann' },
          { item: 'book', seller: 8, name: 'Bob' },
        ],
      },
    },
  },
  needs: (options, wanted, _, input = 0) => joinNeeds(options, { wanted, input }),
  types(options, input, _, inputs = [input, input]) {
    refuseUnbound(options)
    const [left, right] = inputs
    if (options.ttl !== undefined && (left?.isTimed !== true || right?.isTimed !== true))
      throw new EventStoreError('INVALID', 'a ttl is measured in event time, but no eventTime stands before both inputs', { option: 'ttl' })
    const joined = joinedRow(options, inputs)
    return { main: options.keep === 'both' ? joined : { ...joined, isTimed: left?.isTimed === true } }
  },
  keepsOf({ keep, ttl }) {
    const until = ttl === undefined ? '' : ` until the watermark has passed it by ${ttl}`
    if (keep !== 'both') return `the newest row of each key of the right${until === '' ? ', for ever' : until}`
    if (until === '') return 'all rows of the left and the newest of each key of the right, for ever'
    return `each row of the left, and the newest of each key of the right,${until}`
  },
  sideInputs: ({ keep, ttl }) => (keep === 'both' || ttl !== undefined ? undefined : 1),
  splitBy: (options, _, input) => keyOfInput(options, input),
  create(options, context) {
    refuseUnbound(options)
    const { keep = 'right', ttl } = options
    const ttlMs = ttl === undefined ? Infinity : durationMs(ttl, 'ttl')
    const keepsLeft = keep === 'both'
    const shape = { join: 'table', keep, ttlMs: ttl === undefined ? null : ttlMs }
    const entriesOf = (page: Page, input: 0 | 1): Entries => entries(page, input === 0 && !keepsLeft ? Infinity : ttlMs)
    return joinStep(new PairJoin(context, { join: options, shape, keepsLeft, isTable: true, entriesOf }))
  },
}

function entries(page: Page, ttlMs: number): Entries {
  const rows = aliveRows(page)
  const closes = new Float64Array(rows.length).fill(Infinity)
  if (ttlMs === Infinity) return { page, rows, closes }
  const { eventTime } = timesOf(page)
  for (let i = 0; i < rows.length; i++) closes[i] = (eventTime[rows[i] as number] as number) + ttlMs - 1
  return { page, rows, closes }
}

/** INVALID where nobody has said that state may grow without bound, or where options speak of what is not kept. */
function refuseUnbound({ keep = 'right', kind = 'inner', ttl, state }: JoinTableOptions): void {
  const refuse = (option: string, message: string): never => {
    throw new EventStoreError('INVALID', message, { option })
  }
  if (ttl !== undefined && durationMs(ttl, 'ttl') === 0) refuse('ttl', 'ttl must be more than 0')
  if (keep === 'both') {
    if (ttl === undefined && state === undefined)
      refuse('keep', 'keep: both keeps every row of the left, without bound; say for how long by ttl, or state: unbounded if that is meant')
    if (ttl !== undefined && state !== undefined) refuse('state', 'state: unbounded contradicts ttl; leave one of the two out')
    return
  }
  if (state !== undefined) refuse('state', 'state: unbounded belongs to keep: both; of the right one row a key is kept')
  if (kind === 'right' || kind === 'full')
    refuse('kind', `kind: ${kind} needs keep: both, for without it rows of the right are only looked up`)
}
