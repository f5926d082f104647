/** What a pattern keeps of one key: rows that wait for the watermark, and partial matches; and how that is written. */
import type { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import { exactText, exactValue } from '../keyed/exact.ts'
import type { Format } from '../keyed/keyed-rows.ts'
import { type Candidate, chain, type Matched } from './pattern-matches.ts'
import { type Automaton, Runs } from './pattern-runs.ts'

export interface KeyState {
  /** In the order of (event time, order). */
  readonly waiting: Candidate[]
  readonly runs: Runs
}

/** Puts a row among those that wait, behind those of the same time and order. */
export function enqueue({ waiting }: KeyState, row: Candidate): void {
  let at = waiting.length
  while (at > 0 && isBehind(waiting[at - 1] as Candidate, row)) at--
  if (at === waiting.length) waiting.push(row)
  else waiting.splice(at, 0, row)
}

function isBehind(left: Candidate, right: Candidate): boolean {
  return left.time > right.time || (left.time === right.time && left.order > right.order)
}

/** When there is something to do for the key. */
export function dueOf({ waiting, runs }: KeyState): number {
  return Math.min(waiting[0]?.time ?? Infinity, runs.due)
}

export function isOver({ waiting, runs }: KeyState): boolean {
  return waiting.length === 0 && runs.runs.length === 0
}

/** Numbers that stand for rows and for what is matched, so that each is written once, however many partial matches share it. */
interface Written {
  readonly place: number
  readonly rows: readonly (readonly [time: number, order: number, mask: number, place: number, values: Candidate['values']])[]
  readonly waiting: readonly number[]
  readonly matched: readonly (readonly [row: number, step: number, before: number, isLoop: boolean])[]
  readonly runs: readonly (readonly [match: number, open: number])[]
}

export function keyStateFormat(automaton: Automaton): Format<KeyState> {
  return {
    write: (state, writer: ByteWriter) => writer.text(exactText(written(state))),
    read: (reader: ByteReader) => read(exactValue(reader.text()) as Written, automaton),
  }
}

function written({ waiting, runs }: KeyState): Written {
  const rows = new Map<Candidate, number>()
  const rowOf = (row: Candidate): number => numberOf(rows, row)
  const matched = new Map<Matched, number>()
  const lines: Written['matched'][number][] = []
  const matchedOf = (match: Matched | undefined): number => {
    if (match === undefined) return -1
    const known = matched.get(match)
    if (known !== undefined) return known
    // Those before it first, without a call for each: a chain may be long.
    const open: Matched[] = []
    for (let at: Matched | undefined = match; at !== undefined && !matched.has(at); at = at.before) open.push(at)
    for (const each of open.reverse()) {
      const before = each.before === undefined ? -1 : (matched.get(each.before) as number)
      lines.push([rowOf(each.row), each.step, before, each.count > 1])
      matched.set(each, matched.size)
    }
    return matched.get(match) as number
  }
  const written = {
    waiting: waiting.map(rowOf),
    runs: runs.runs.map(({ match, open }) => [matchedOf(match), open] as const),
  }
  const all = [...rows.keys()].map(({ time, order, mask, place, values }) => [time, order, mask, place, values] as const)
  return { place: runs.place, rows: all, matched: lines, ...written }
}

function numberOf(rows: Map<Candidate, number>, row: Candidate): number {
  let number = rows.get(row)
  if (number === undefined) rows.set(row, (number = rows.size))
  return number
}

function read(saved: Written, automaton: Automaton): KeyState {
  const rows = saved.rows.map(([time, order, mask, place, values]): Candidate => ({ time, order, mask, place, values }))
  const matched: Matched[] = []
  for (const [row, step, before, isLoop] of saved.matched) matched.push(chain(rows[row] as Candidate, step, matched[before], isLoop))
  const runs = new Runs(automaton)
  runs.place = saved.place
  runs.runs = saved.runs.map(([match, open]) => ({ match: matched[match] as Matched, open }))
  return { waiting: saved.waiting.map(row => rows[row] as Candidate), runs }
}
