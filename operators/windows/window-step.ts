/** The way of pages and control through windows, and the options that steps with windows share. */
import { map, type OperatorFunction } from 'rxjs'
import { EventStoreError } from '../../event/error.ts'
import { type Duration, durationMs } from '../duration.ts'
import type { RowType } from '../expressions/types.ts'
import type { Flow, Moves, Page } from '../flow.ts'
import { onPage } from '../lift.ts'
import type { OptionSpec } from '../operator.ts'
import { selectRows } from '../page.ts'
import type { Send } from './window-keyed.ts'
import { endOf } from './window-order.ts'

/** Windows of any kind. */
export interface WindowsOfStep {
  /** Takes the rows of a page; answers the rows that came too late. */
  add(page: Page, send: Send): Int32Array
  /** How the watermark will move with the rows that follow. */
  expect?(moves: Moves): void
  /** The watermark has come to `time`; at the end of the input it is Infinity. */
  advance?(time: number, send: Send): void
  /** Writes what changed since the last barrier. */
  save(): void
}

/**
 * The step around windows. Where late rows are allowed, a result can leave for a window that the watermark passed long ago: so the
 * watermark that goes on stays behind by `heldBackMs`, and for those behind the step no result is late.
 */
export function windowStep(windows: WindowsOfStep, heldBackMs = 0): OperatorFunction<Flow, Flow> {
  const step = onPage({
    page(page, emit) {
      const late = windows.add(page, emit)
      if (late.length > 0) emit(selectRows(page, late, 'late'))
    },
    moves: moves => windows.expect?.(moves),
    watermark: ({ time }, emit) => time !== 'idle' && windows.advance?.(time, emit),
    barrier: () => windows.save(),
    end: (emit, order) => {
      if (order !== undefined) windows.expect?.(endOf(order))
      windows.advance?.(Infinity, emit)
    },
  })
  return heldBackMs === 0 ? step : source => step(source).pipe(map(flow => heldBack(flow, heldBackMs)))
}

function heldBack(flow: Flow, heldBackMs: number): Flow {
  if (flow.kind === 'moves') return { ...flow, before: flow.before.map(time => time - heldBackMs), time: flow.time - heldBackMs }
  return flow.kind === 'watermark' && flow.time !== 'idle' ? { ...flow, time: flow.time - heldBackMs } : flow
}

export type Emission = 'onClose' | 'onUpdate' | { readonly every: Duration }

/** Options of windows whose results can leave more than once. */
export interface RefiringOptions {
  readonly allowedLateness?: Duration
  readonly emit?: Emission
}

export interface Refiring {
  readonly lateMs: number
  readonly emit: 'onClose' | 'onUpdate'
  /** Infinity when nothing leaves early. */
  readonly earlyMs: number
  /** Each result leaves once. */
  readonly isPlain: boolean
}

export function refiringOf({ allowedLateness = 0, emit = 'onClose' }: RefiringOptions): Refiring {
  const lateMs = durationMs(allowedLateness, 'allowedLateness')
  if (typeof emit === 'string') return { lateMs, emit, earlyMs: Infinity, isPlain: lateMs === 0 && emit === 'onClose' }
  return { lateMs, emit: 'onClose', earlyMs: positiveMs(emit.every, 'emit.every'), isPlain: false }
}

/** The row that comes in, by the key of the step itself if it names one. */
export function keyedRow(input: RowType, by: readonly string[] | undefined): RowType {
  return by === undefined ? input : { ...input, key: by }
}

/** The most windows that one row may belong to: each of them is a cell to change and to write. */
export const windowsOfRowMax = 1000

/** INVALID when windows of a size that start so often would leave rows out, or are too many. */
export function checkOverlap(size: number, every: number): void {
  const count = Math.ceil(size / every)
  if (every > 0 && every <= size && count <= windowsOfRowMax) return
  const why =
    every === 0 || every > size
      ? 'every must be more than 0 and not more than size, or rows would belong to no window'
      : `each row would belong to ${count} windows; there may be ${windowsOfRowMax}`
  throw new EventStoreError('INVALID', why, { option: 'every' })
}

/** INVALID for a length that must not be 0. */
export function positiveMs(duration: Duration, name: string): number {
  const ms = durationMs(duration, name)
  if (ms > 0) return ms
  throw new EventStoreError('INVALID', `${name} must be more than 0`, { option: name })
}

export const byOption: OptionSpec = {
  type: 'list',
  summary: 'Columns that are the key of this step, in place of a `keyBy` before it.',
  sample: ['origin'],
}

export const aggregateOption: OptionSpec = {
  type: 'aggregates',
  required: true,
  summary: 'Columns to compute, by name: `{ flights: count(), delay: sum(delay), paid: sum(price * quantity) }`.',
}

export const refiringSpecs: Readonly<Record<'allowedLateness' | 'emit', OptionSpec>> = {
  allowedLateness: {
    type: 'duration',
    default: 0,
    summary: 'How far the watermark may pass the end of a window before rows for it are late; each such row gives the changed result.',
    sample: '5m',
  },
  emit: {
    type: 'choice',
    choices: ['onClose', 'onUpdate'],
    options: {
      every: {
        type: 'duration',
        required: true,
        summary: 'Results that changed also leave each so long in event time, before their window closes.',
      },
    },
    default: 'onClose',
    summary:
      'When results leave: when their window closes; with each row, and then not again; or early, `{ every: 10s }`, and when it closes.',
    sample: { every: '10s' },
  },
}

/** For the pages of operators whose results can leave more than once. */
export const refiringDescription =
  'With `allowedLateness` the results leave when the watermark reaches the end of the window, and the window stays until it has passed by ' +
  'that much more: a row that comes between is taken and gives the changed result at once. With `emit: onUpdate` every row gives the ' +
  'changed result at once, and closing gives nothing more. With `emit: { every: 10s }` a result leaves early: when the watermark reaches ' +
  'the next multiple of `every` after the first row that changed it since it left last; and when the window closes, as always. A changed ' +
  'result has the same columns, so a projection by the key and `windowStart` holds the newest, and in the end the same whatever `emit` ' +
  'is. What has left when a row comes is decided by the watermark before it alone. The watermark that goes on is held back by ' +
  '`allowedLateness`.'
