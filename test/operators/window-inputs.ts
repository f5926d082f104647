/** Random rows for windows, and the plainest way to compute over them: every row is held. */
import * as fc from 'fast-check'
import type { Row } from '../../operators/flow.ts'
import type { ExampleFlow } from '../../operators/operator.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'

/** Few keys and times that often are the same, or as far apart as a window is long. */
const row = fc.record({
  at: fc.integer({ min: 0, max: 60 }).map(at => 5 * at),
  origin: fc.constantFrom('JFK', 'JFK', 'é', null),
  delay: fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constant(null)),
  /** By how much the watermark stays behind this row; not the same for all. */
  lag: fc.constantFrom(0, 0, 5, 30, 80),
})

/** Rows with barriers between them, and often many: `size` makes the length that is allowed one that is tried. */
const rows = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: row.map((fields): ExampleFlow => ({ ...fields })) },
    { weight: 1, arbitrary: fc.constant<ExampleFlow>('barrier') },
  ),
  { maxLength: 80, size: 'max' },
)

/** Rows in no order of time, with the watermark as it stood before each: it never falls, but it may jump. */
export const timedRows = rows.map(input => [...stampedByLag(input), 'end' as const, 'barrier' as const])

/**
 * Rows with stamps that also fall, as where streams of different lags were merged. There the watermark in band is below all of them, and so
 * it must be here: none is sent when these rows are run in pages that hold them all.
 */
export const mergedRows = rows.map(input => {
  const stamped = input.map(one => (typeof one === 'string' ? one : { ...one, $eventTime: one['at'], $watermark: stampOfMerged(one) }))
  return [...stamped, 'end' as const, 'barrier' as const]
})

function stampOfMerged(one: Row): number {
  return (one['at'] as number) + 60 - 2 * (one['lag'] as number)
}

function stampedByLag(input: readonly ExampleFlow[]): ExampleFlow[] {
  let watermark = -Infinity
  return input.map(one => {
    if (typeof one === 'string') return one
    const stamped = { ...one, $eventTime: one['at'], $watermark: watermark }
    watermark = Math.max(watermark, (one['at'] as number) - (one['lag'] as number))
    return stamped
  })
}

export const timeOf = (one: Row): number => one['$eventTime'] as number
export const stampOf = (one: Row): number => one['$watermark'] as number
export const keyOf = (one: Row): unknown => one['origin']
export const byKey = (a: Row, b: Row): number => compareKeys([keyOf(a)], [keyOf(b)])

/** The row without its stamps, as it leaves when it is late. */
export function bare(one: Row): Row {
  return Object.fromEntries(Object.entries(one).filter(([name]) => !name.startsWith('$')))
}

/** Aggregates of which several depend on the order of the rows. */
export const aggregate = {
  rows: { aggregate: 'count' },
  sum: { aggregate: 'sum', field: 'delay' },
  first: { aggregate: 'first', field: 'at' },
  last: { aggregate: 'last', field: 'at' },
  most: { aggregate: 'argMax', field: 'delay', take: ['at'] },
  median: { aggregate: 'percentileCont', field: 'delay', p: 0.5 },
  lags: { aggregate: 'countDistinct', field: 'lag' },
  list: { aggregate: 'collect', field: 'delay', most: 4 },
}

/** The same over rows that are held, in the order in which they came. */
export function resultsOf(rows: readonly Row[]): Row {
  const delays = rows.map(one => one['delay'] as number | null).filter(delay => delay !== null)
  const sorted = delays.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const top = sorted.at(-1)
  return {
    rows: rows.length,
    sum: delays.length === 0 ? null : delays.reduce((sum, delay) => sum + delay, 0),
    first: rows[0]?.['at'] ?? null,
    last: rows.at(-1)?.['at'] ?? null,
    most: rows.filter(one => one['delay'] !== null && one['delay'] === top).map(one => ({ at: one['at'] })),
    median: top === undefined ? null : ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2,
    lags: new Set(rows.map(one => one['lag'])).size,
    list: delays.slice(0, 4),
  }
}

interface Held {
  readonly start: number
  readonly end: number
  readonly key: unknown
  readonly rows: Row[]
  isFired: boolean
  /** When it leaves early; Infinity when it does not. */
  due: number
}

/** The next multiple of `every` after a row and after its stamp; never when results do not leave early. */
function dueOf(one: Row, emit: unknown): number {
  const { every = Infinity } = typeof emit === 'object' ? (emit as { every: number }) : {}
  return every === Infinity ? Infinity : (Math.floor(Math.max(timeOf(one), stampOf(one)) / every) + 1) * every
}

/** Aligned windows with whatever options, in the plainest words: what a row meets is decided by its stamp. */
export function alignedAnswer(rows: readonly Row[], options: Readonly<Record<string, unknown>>): { ports: Record<string, Row[]> } {
  const { size, every = size, offset = 0, allowedLateness: late = 0 } = options as Record<string, number> & { size: number }
  const isUpdating = options['emit'] === 'onUpdate'
  const cells: Held[] = []
  const ports: { main: Row[]; late: Row[] } = { main: [], late: [] }
  const leave = (cell: Held, $watermark: number, isFired = true): void => {
    const { key, start, end } = cell
    ports.main.push({ origin: key, windowStart: start, windowEnd: end, ...resultsOf(cell.rows), $eventTime: end - 1, $watermark })
    cell.isFired = isFired
    cell.due = Infinity
  }
  const fire = (stamp: number): void => {
    for (;;) {
      const open = cells.filter(({ isFired }) => !isFired)
      const next = Math.min(...open.flatMap(({ end, due }) => [end, due]))
      if (next > stamp || next === Infinity) return
      const closing = open.filter(({ end }) => end === next).sort((a, b) => compareKeys([a.key], [b.key]))
      for (const cell of closing) leave(cell, cell.end - 1 - late)
      const early = open.filter(({ due }) => due === next).sort((a, b) => compareKeys([a.key], [b.key]) || a.end - b.end)
      for (const cell of early) leave(cell, next - 1 - late, false)
    }
  }
  for (const one of rows) {
    const stamp = stampOf(one)
    if (!isUpdating) fire(stamp)
    const starts = Array.from({ length: 500 }, (_, i) => (i - 200) * every + offset)
    const open = starts.filter(start => start <= timeOf(one) && timeOf(one) < start + size && stamp < start + size + late)
    if (open.length === 0) ports.late.push(bare(one))
    const taking = open.map(start => {
      const known = cells.find(cell => cell.start === start && cell.key === keyOf(one))
      const cell = known ?? { start, end: start + size, key: keyOf(one), rows: [], isFired: false, due: Infinity }
      if (known === undefined) cells.push(cell)
      cell.rows.push(one)
      return cell
    })
    const hasFired = (cell: Held): boolean => cell.end <= stamp || cells.some(({ start, isFired }) => start === cell.start && isFired)
    for (const cell of taking)
      if (isUpdating || hasFired(cell)) leave(cell, stamp - late - 1)
      else cell.due = Math.min(cell.due, dueOf(one, options['emit']))
  }
  if (!isUpdating) fire(Infinity)
  return { ports }
}

/** Sessions in the same words. */
export function sessionAnswer(rows: readonly Row[], options: Readonly<Record<string, unknown>>): { ports: Record<string, Row[]> } {
  const { gap, allowedLateness: late = 0 } = options as Record<string, number> & { gap: number }
  const isUpdating = options['emit'] === 'onUpdate'
  let sessions: Held[] = []
  const ports: { main: Row[]; late: Row[] } = { main: [], late: [] }
  const leave = (session: Held, $watermark: number, isFired = true): void => {
    const { key, start, end } = session
    ports.main.push({ origin: key, windowStart: start, windowEnd: end, ...resultsOf(session.rows), $eventTime: end, $watermark })
    session.isFired = isFired
    session.due = Infinity
  }
  const close = (stamp: number): void => {
    const due = sessions.filter(({ end, isFired }) => end < stamp && !isFired)
    due.sort((a, b) => a.end - b.end || compareKeys([a.key], [b.key]))
    for (const session of due) leave(session, session.end - late)
  }
  const fire = (stamp: number): void => {
    for (;;) {
      const next = Math.min(...sessions.map(({ due }) => due))
      if (next > stamp || next === Infinity) return close(stamp)
      close(next)
      const early = sessions.filter(({ due }) => due === next).sort((a, b) => compareKeys([a.key], [b.key]) || a.end - b.end)
      for (const session of early) leave(session, next - late, false)
    }
  }
  for (const one of rows) {
    const [time, stamp] = [timeOf(one), stampOf(one)]
    if (!isUpdating) fire(stamp)
    const isTouched = ({ key, start, end }: Held): boolean =>
      key === keyOf(one) && stamp <= end + late && time <= end && time >= start - gap
    const touched = sessions.filter(isTouched)
    if (touched.length === 0 && stamp > time + gap + late) {
      ports.late.push(bare(one))
      continue
    }
    const together = [...touched.flatMap(session => session.rows), one].toSorted((a, b) => rows.indexOf(a) - rows.indexOf(b))
    const times = together.map(timeOf)
    const isFired = touched.some(session => session.isFired)
    const due = Math.min(...touched.map(known => known.due), dueOf(one, options['emit']))
    const session: Held = { key: keyOf(one), start: Math.min(...times), end: Math.max(...times) + gap, rows: together, isFired, due }
    sessions = [...sessions.filter(known => !touched.includes(known)), session]
    if (isUpdating || isFired || session.end < stamp) leave(session, stamp - late)
  }
  if (!isUpdating) fire(Infinity)
  return { ports }
}
