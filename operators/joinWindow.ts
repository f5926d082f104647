/** `joinWindow`: joins rows of two streams that happened in the same window. */
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
import { checkOverlap, positiveMs } from './windows/window-step.ts'
import { windowBounds } from './windows/window-uses.ts'

export interface JoinWindowOptions extends JoinOptions {
  readonly size: Duration
  readonly every?: Duration
  readonly offset?: Duration
}

interface Windows {
  readonly sizeMs: number
  readonly everyMs: number
  readonly offsetMs: number
}

export const joinWindow: Operator<JoinWindowOptions> = {
  spec: {
    name: 'joinWindow',
    kind: 'keyed',
    summary: 'Joins rows of two streams by key that happened in the same window.',
    description:
      `${joinDescription}Windows are those of \`tumble\`, or with \`every\` those of \`hop\`: two rows that share several windows meet once in each. ` +
      'Rows that leave say their window: `windowStart` and `windowEnd`. A pair leaves as soon as both rows are there, with the order of the ' +
      'later one. A row that finds no partner in a window leaves when the watermark reaches its end, in the order of (end, key). For those ' +
      'behind the join all of them happened at `windowEnd − 1`. A row is late, and leaves once by the port `late`, ' +
      'if the watermark had reached the end of its last window. With `kind: semi` a left row leaves once a window, however many partners ' +
      'there are. (Flink: window join; Kafka Streams knows sliding windows only: `joinInterval`.)',
    shorthand: 'size',
    options: {
      size: { type: 'duration', required: true, summary: 'Length of a window.' },
      every: {
        type: 'duration',
        summary: 'A window starts each so long; as `size` when left out, so that each row belongs to one.',
        sample: '2s',
      },
      offset: { type: 'duration', default: 0, summary: 'How far windows are moved from the epoch.', sample: '15m' },
      match: matchOption,
      kind: kindOption,
      ...takeOptions,
    },
    ports: { main: 'A row for each pair and window, or as `kind` says.', late: 'Rows whose windows had closed.' },
    stateVersion: 1,
    keeps: 'the rows of both sides until their window closes',
    needsEventTime: true,
    inputs: 2,
  },
  example: {
    title: 'People who opened an auction as soon as they had joined',
    options: { size: '10s', match: { id: 'seller' }, kind: 'semi' },
    input: [
      { id: 7, name: 'Ann', $eventTime: 1_000, $watermark: -Infinity },
      { seller: 7, $input: 1, $eventTime: 9_999, $watermark: 1_000 },
      { seller: 7, $input: 1, $eventTime: 9_000, $watermark: 9_000 },
      { seller: 8, $input: 1, $eventTime: 9_500, $watermark: 9_000 },
      { id: 8, name: 'Bob', $eventTime: 10_000, $watermark: 9_500 },
      'end',
      'barrier',
    ],
    output: { ports: { main: [{ id: 7, name: 'Ann', windowStart: 0, windowEnd: 10_000 }] } },
  },
  needs: (options, wanted, _, input = 0) => joinNeeds(options, { wanted, input, made: Object.keys(windowBounds) }),
  types(options, input, _, inputs = [input, input]) {
    windowsOf(options)
    return { main: joinedRow(options, inputs, windowBounds) }
  },
  keepsOf: ({ size, every }) =>
    `each row until the watermark reaches the end of its ${every === undefined ? 'window' : 'last window'}: ${size} at most`,
  splitBy: (options, _, input) => keyOfInput(options, input),
  create(options, context) {
    const windows = windowsOf(options)
    const { sizeMs, everyMs } = windows
    const entriesOf = (page: Page): Entries => (everyMs < sizeMs ? inSeveral(page, windows) : inOne(page, windows))
    const rules = { join: options, shape: { join: 'window', ...windows }, sizeMs, keepsLeft: true, isTable: false, entriesOf }
    return joinStep(new PairJoin(context, rules))
  },
}

function windowsOf({ size, every, offset = 0 }: JoinWindowOptions): Windows {
  const sizeMs = positiveMs(size, 'size')
  const everyMs = every === undefined ? sizeMs : positiveMs(every, 'every')
  checkOverlap(sizeMs, everyMs)
  return { sizeMs, everyMs, offsetMs: durationMs(offset, 'offset') }
}

function inOne(page: Page, { sizeMs, offsetMs }: Windows): Entries {
  const rows = aliveRows(page)
  const { eventTime } = timesOf(page)
  const starts = new Float64Array(rows.length)
  const closes = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) {
    const start = Math.floor(((eventTime[rows[i] as number] as number) - offsetMs) / sizeMs) * sizeMs + offsetMs
    starts[i] = start
    closes[i] = start + sizeMs - 1
  }
  return { page, rows, starts, closes, deadlines: closes }
}

function inSeveral(page: Page, { sizeMs, everyMs, offsetMs }: Windows): Entries {
  const { eventTime } = timesOf(page)
  const [rows, starts, deadlines]: [number[], number[], number[]] = [[], [], []]
  const startOf = (time: number): number => Math.floor((time - offsetMs) / everyMs) * everyMs + offsetMs
  for (const row of aliveRows(page)) {
    const time = eventTime[row] as number
    const last = startOf(time)
    for (let start = startOf(time - sizeMs) + everyMs; start <= last; start += everyMs) {
      rows.push(row)
      starts.push(start)
      deadlines.push(last + sizeMs - 1)
    }
  }
  const closes = Float64Array.from(starts, start => start + sizeMs - 1)
  return { page, rows: Int32Array.from(rows), starts: Float64Array.from(starts), closes, deadlines: Float64Array.from(deadlines) }
}
