/**
 * Checks that what clients were told fits one order of events a stream that also fits real time (linearizability; Herlihy and Wing, 1990). In
 * general that is a search; here versions give the order: the final read says which append made which versions, so each operation has its place, and
 * all that is left to check is that no operation has a place before one that was over when it began.
 */
import type { Operation } from './history.ts'

/** What is wrong, a sentence each; empty when the history is linearizable. */
export function checkHistory(operations: readonly Operation[]): string[] {
  const streams = new Map<string, Operation[]>()
  for (const operation of operations) {
    const known = streams.get(operation.stream)
    if (known) known.push(operation)
    else streams.set(operation.stream, [operation])
  }
  return [...clientsWrong(operations), ...[...streams].flatMap(([stream, own]) => streamWrong(stream, own))]
}

const say = (operation: Operation): string => JSON.stringify(operation)

/** A client that asks two things at once, or goes on after an unknown, is no sequential client: the history is not what it says. */
function clientsWrong(operations: readonly Operation[]): string[] {
  const wrong: string[] = []
  const last = new Map<number, Operation>()
  for (const operation of operations.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    const before = last.get(operation.client)
    if (before && (before.end > operation.start || before.result === 'unknown'))
      wrong.push(`client ${operation.client} asks again before it was answered: ${say(before)} then ${say(operation)}`)
    last.set(operation.client, operation)
  }
  return wrong
}

/** Where an operation stands in the order of its stream: it saw `from` events, and left `to`. */
interface Placed {
  readonly operation: Operation
  readonly from: number
  readonly to: number
}

function streamWrong(stream: string, operations: readonly Operation[]): string[] {
  const finals = operations.filter(({ op, result }) => op === 'final' && result === 'ok')
  if (finals.length !== 1) return [`stream ${stream} has ${finals.length} final reads, one is needed`]
  const order = finals[0]!.events
  const places = new Map(order.map((id, i) => [id, i]))
  if (places.size !== order.length) return [`stream ${stream} holds an event twice: ${order.join(' ')}`]
  const wrong: string[] = []
  const placed: Placed[] = []
  const written = new Set<string>()
  for (const operation of operations) {
    if (operation.op === 'append') for (const id of operation.events) written.add(id)
    const place = operation.op === 'append' ? placeOfAppend(operation, places) : placeOfRead(operation, order)
    if (typeof place === 'string') wrong.push(`${place}: ${say(operation)}`)
    else if (place) placed.push({ operation, ...place })
  }
  for (const id of order) if (!written.has(id)) wrong.push(`stream ${stream} holds ${id}, which nobody wrote`)
  return [...wrong, ...orderWrong(placed), ...undecidedConflicts(operations, placed)]
}

type Place = Pick<Placed, 'from' | 'to'>

/** Null when the operation tells nothing of the order; a text when it can not have a place. */
function placeOfAppend(operation: Operation, places: ReadonlyMap<string, number>): Place | string | null {
  const { events, result, version } = operation
  const there = events.filter(id => places.has(id))
  if (result === 'conflict' || result === 'fail') {
    if (there.length > 0) return 'was refused and is there'
    if (result === 'fail' || version === undefined) return null
    return isMet(operation, version) ? 'names a version that was no conflict' : { from: version, to: version }
  }
  if (there.length === 0) return result === 'unknown' ? null : 'was acknowledged and is not there'
  if (there.length < events.length) return 'is there in part'
  const from = places.get(events[0]!)!
  if (events.some((id, i) => places.get(id) !== from + i)) return 'is not in one piece'
  if (!isMet(operation, from)) return 'was made though the version was another'
  const to = from + events.length
  if (result === 'ok' && version !== undefined && version !== to) return `has the versions ${from + 1} to ${to}`
  return { from, to }
}

function isMet({ expectedVersion }: Operation, version: number): boolean {
  if (expectedVersion === undefined || expectedVersion === 'any') return true
  if (expectedVersion === 'exists') return version > 0
  return version === (expectedVersion === 'none' ? 0 : expectedVersion)
}

function placeOfRead({ op, events, result, level }: Operation, order: readonly string[]): Place | string | null {
  if (result !== 'ok') return null
  if (events.length > order.length || events.some((id, i) => order[i] !== id)) return 'read what is not the beginning of the stream'
  // The other levels promise a beginning of the stream, not which.
  const isLeader = op === 'final' || level === undefined || level === 'leader'
  return isLeader ? { from: events.length, to: events.length } : null
}

/** Sweeps over real time: what begins must not see less than what was over had left. */
function orderWrong(placed: readonly Placed[]): string[] {
  const wrong: string[] = []
  const over = placed.filter(({ operation }) => operation.result !== 'unknown').sort((a, b) => a.operation.end - b.operation.end)
  let next = 0
  let latest: Placed | null = null
  for (const one of placed.toSorted((a, b) => a.operation.start - b.operation.start)) {
    while (next < over.length && over[next]!.operation.end < one.operation.start) {
      const ended = over[next++]!
      if (latest === null || ended.to > latest.to) latest = ended
    }
    if (latest !== null && one.from < latest.to)
      wrong.push(`saw version ${one.from}, but version ${latest.to} was there before: ${say(one.operation)} after ${say(latest.operation)}`)
  }
  return wrong
}

/** A conflict that names no version was still one: at some moment while it ran the stream had another version than expected. */
function undecidedConflicts(operations: readonly Operation[], placed: readonly Placed[]): string[] {
  const appends = placed.filter(({ from, to }) => to > from)
  return operations
    .filter(({ op, result, version }) => op === 'append' && result === 'conflict' && version === undefined)
    .filter(operation => {
      const least = Math.max(0, ...placed.filter(one => hasEnded(one) && one.operation.end < operation.start).map(({ to }) => to))
      const possible = [least, ...appends.filter(one => one.to > least && one.operation.start <= operation.end).map(({ to }) => to)]
      return possible.every(version => isMet(operation, version))
    })
    .map(operation => `was refused though the version was the expected one all the time: ${say(operation)}`)
}

const hasEnded = ({ operation }: Placed): boolean => operation.result !== 'unknown'
