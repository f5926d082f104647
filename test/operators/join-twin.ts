/** Random rows for joins, and the plainest way to join them: every row is held in an array and looked at again for each that comes. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Row } from '../../operators/flow.ts'
import type { AnyOperator, ExampleFlow } from '../../operators/operator.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'
import { equalInLanes } from '../contract/operator-lanes.ts'
import { type Outcome, runOperator, type Run } from '../contract/operator-run.ts'
import { bare } from './window-inputs.ts'

type Options = Readonly<Record<string, unknown>>

const row = fc.record({
  $input: fc.constantFrom(0, 0, 1),
  at: fc.integer({ min: 0, max: 40 }).map(at => 5 * at),
  // Few keys, so that many rows meet; pairs that are easily taken for one another.
  key: fc.constantFrom<unknown>(1, 1, 1, 2, '1', '\u{1f6eb}', '\ufffd', null, true),
  second: fc.constantFrom('a', 'a', null),
  value: fc.constantFrom<unknown>(1, 2, 'x', 'y', null, [1], { a: 1 }, true),
  lag: fc.constantFrom(0, 0, 5, 30, 80),
  span: fc.constantFrom(-10, 0, 20, 60),
})

/** Rows of both sides with barriers between them, in no order of time, stamped with a watermark that may jump. */
export const joinInputs = fc
  .array(fc.oneof({ weight: 8, arbitrary: row }, { weight: 1, arbitrary: fc.constant('barrier' as const) }), { maxLength: 70, size: 'max' })
  .map((input): ExampleFlow[] => {
    let watermark = -Infinity
    const stamped = input.map((one, index): ExampleFlow => {
      if (typeof one === 'string') return one
      const { $input, at, key, second, value, lag, span } = one
      const own =
        $input === 0 ? { key, second, left: index, value, until: at + span } : { of: key, other: second, right: index, shown: value }
      const made = { ...own, $input, $eventTime: at, $watermark: watermark }
      watermark = Math.max(watermark, at - lag)
      return made
    })
    return [...stamped, 'end', 'barrier']
  })

/** The same without an event time. */
export const untimedInputs = joinInputs.map(input =>
  input.map(one =>
    typeof one === 'string'
      ? one
      : Object.fromEntries(Object.entries(one).filter(([name]) => name !== '$eventTime' && name !== '$watermark')),
  ),
)

export const kinds = ['inner', 'left', 'right', 'full', 'semi', 'anti'] as const

/** Columns of the match: one, or two. */
export const matches = fc.constantFrom<Options>({ key: 'of' }, { key: 'of', second: 'other' })

export interface TwinRules {
  /** The last moment for a partner. */
  closeOf(row: Row, input: number, start: number): number
  /** A row is late when the watermark is above it. */
  deadlineOf(row: Row): number
  /** Starts of its windows. */
  readonly startsOf?: (row: Row) => readonly number[]
  readonly sizeMs?: number
  readonly keepsLeft?: boolean
  readonly isTable?: boolean
}

interface Held {
  readonly input: number
  readonly row: Row
  readonly key: readonly unknown[]
  readonly start: number
  readonly close: number
  readonly at: number
  isMatched: boolean
}

export function joinAnswer(rows: readonly Row[], options: Options, rules: TwinRules): Record<'main' | 'late', Row[]> {
  const {
    kind = 'inner',
    match,
    take = [],
  } = options as { kind?: string; match: Readonly<Record<string, string>>; take?: readonly string[] }
  const { keepsLeft = true, isTable = false, sizeMs } = rules
  const ports = { main: [] as Row[], late: [] as Row[] }
  const isAlone = [['left', 'full', 'anti'].includes(kind), ['right', 'full'].includes(kind)]
  const isTimed = rows.some(one => '$eventTime' in one)
  let held: Held[] = []
  let watermark = -Infinity
  const leave = (left: Row | undefined, right: Row | undefined, { order, time, stamp, start }: Readonly<Record<string, number>>): void => {
    const ofRight = Object.entries(match).map(([name, field]) => [name, right?.[field] ?? null])
    const own = left === undefined ? Object.fromEntries(ofRight) : bare(left)
    const none = { key: null, second: null, left: null, value: null, until: null }
    const taken = Object.fromEntries(take.map(name => [name, right?.[name] ?? null]))
    const bounds = sizeMs === undefined ? {} : { windowStart: start, windowEnd: (start as number) + sizeMs }
    ports.main.push({ ...none, ...own, ...taken, ...bounds, ...(isTimed && { $eventTime: time, $watermark: stamp }), $order: order })
  }
  const alone = ({ input, row: one, start }: Held, beside: Readonly<Record<string, number>>): void =>
    leave(input === 0 ? one : undefined, input === 0 ? undefined : one, { ...beside, start })
  const expire = (until: number): void => {
    const due = held.filter(({ close }) => close < until || (until === Infinity && close === Infinity))
    held = held.filter(one => !due.includes(one))
    due.sort((a, b) => a.close - b.close || compareKeys([...a.key, a.start], [...b.key, b.start]) || a.input - b.input || a.at - b.at)
    for (const one of due) {
      if (!isAlone[one.input] || one.isMatched) continue
      const stamp = one.close === Infinity ? watermark : one.close
      const mover = rows.findIndex((_, i) => i + 1 >= rows.length || (rows[i + 1]?.['$watermark'] as number) > one.close)
      alone(one, { order: mover, time: Math.max((one.row['$eventTime'] as number) ?? NaN, stamp), stamp })
    }
  }
  for (const [at, one] of rows.entries()) {
    const input = one['$input'] as number
    const [time, stamp] = [(one['$eventTime'] as number) ?? NaN, (one['$watermark'] as number) ?? -Infinity]
    watermark = Math.max(watermark, stamp)
    expire(stamp)
    if (stamp > rules.deadlineOf(one)) {
      ports.late.push(withoutNulls(one))
      continue
    }
    const key = Object.entries(match).map(([name, field]) => one[input === 0 ? name : field] ?? null)
    for (const start of rules.startsOf?.(one) ?? [0]) {
      const close = rules.closeOf(one, input, start)
      if (sizeMs !== undefined && close < stamp) continue
      const entry: Held = { input, row: one, key, start, close, at, isMatched: false }
      const beside = { order: at, stamp, start }
      if (key.includes(null)) {
        if (isAlone[input]) alone(entry, { ...beside, time: sizeMs === undefined ? time : close })
        continue
      }
      const isNear = (other: Held): boolean => {
        const theirs = (other.row['$eventTime'] as number) ?? NaN
        return !(theirs > close) && !(time > other.close)
      }
      const partners = held.filter(
        other => other.input !== input && JSON.stringify([other.key, other.start]) === JSON.stringify([key, start]) && isNear(other),
      )
      entry.isMatched = partners.length > 0
      for (const other of kind === 'semi' && input === 0 ? partners.slice(0, 1) : partners) {
        const [left, right] = input === 0 ? [entry, other] : [other, entry]
        const later = Math.max(time, (other.row['$eventTime'] as number) ?? NaN)
        if (kind !== 'anti') leave(left.row, right.row, { ...beside, time: sizeMs === undefined ? (keepsLeft ? later : time) : close })
        if (kind === 'semi' || kind === 'anti') held = held.filter(one => one !== left)
        other.isMatched = true
      }
      if (isTable && input === 1) {
        const old = held.find(other => other.input === 1 && JSON.stringify(other.key) === JSON.stringify(key))
        entry.isMatched ||= old?.isMatched === true
        if (!(close < stamp)) held = held.filter(other => other !== old)
      }
      const isDone = (input === 0 && !keepsLeft) || (input === 0 && entry.isMatched && (kind === 'semi' || kind === 'anti'))
      if (isDone || close < stamp) {
        if (partners.length === 0 && isAlone[input]) alone(entry, { ...beside, time })
      } else held.push(entry)
    }
  }
  expire(Infinity)
  return ports
}

function withoutNulls(row: Row): Row {
  return Object.fromEntries(Object.entries(bare(row)).filter(([, value]) => value !== null))
}

export interface TwinCase {
  readonly inputs?: fc.Arbitrary<ExampleFlow[]>
  readonly options: fc.Arbitrary<Options>
  readonly rulesOf: (options: Options) => TwinRules
  readonly numRuns?: number
}

/** Runs the operator over random rows, cut anywhere and begun anew anywhere, and compares with the twin. */
export async function equalsTwin(operator: AnyOperator, { inputs = joinInputs, options, rulesOf, numRuns = 80 }: TwinCase): Promise<void> {
  const property = fc.asyncProperty(inputs, options, fc.constantFrom(1, 2, 7, 4096), async (input, chosen, pageRows) => {
    const rows = input.filter(one => typeof one === 'object')
    const run: Run = { options: chosen, input, pageRows, restartAfter: [1, 2, 4], showsOrder: true }
    const outcome = await runOperator(operator, run)
    assert.equal(shown(outcome), joinAnswer(rows, chosen, rulesOf(chosen)))
    if (rows.length % 2 === 0) assert.ok(await equalInLanes(operator, run, outcome))
  })
  await fc.assert(property, { seed: 4, numRuns })
}

function shown({ ports }: Outcome): Record<'main' | 'late', Row[]> {
  const none = { key: null, second: null, left: null, value: null, until: null }
  const late = (ports['late'] ?? []).map(withoutNulls)
  return { main: (ports['main'] ?? []).map(one => ({ ...none, ...one })), late }
}
