/** Events from lines of JSON: read in batches that keep memory flat, and refused with the number of the line. */
import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import { EventStoreError } from '../../event/error.ts'
import type { NewEvent } from '../../event/event.ts'
import type { Limits } from '../../event/limits.ts'
import { hint } from '../../topology/nearest.ts'

/** A batch is one append, all or nothing. */
const batchBytesMost = 4 * 1024 * 1024
/** When no more input comes for this long, what is there is appended: `tail -f log | allsource append …`. */
const idleMs = 50
const newline = 10

export interface Batch {
  readonly events: readonly NewEvent[]
  /** Number in the input of each event's line, from 1. */
  readonly lines: readonly number[]
}

export interface InputOptions {
  /** With a type every line is the data of one event; without, an event `{ type, data, … }`. */
  readonly type: string | undefined
  readonly limits: Limits
  /** Aborted, no more is read; the whole lines that were are still handed out. */
  readonly signal: AbortSignal
}

/** Throws INVALID for a bad line; the batch it stands in is never handed out. */
export async function* batchesOf(input: Readable, { type, limits, signal }: InputOptions): AsyncGenerator<Batch> {
  const eventsMost = limits.requestEvents
  const bytesMost = Math.min(batchBytesMost, limits.requestBytes)
  let events: NewEvent[] = []
  let lines: number[] = []
  let bytes = 0
  const take = (): Batch => {
    const batch = { events, lines }
    events = []
    lines = []
    bytes = 0
    return batch
  }
  for await (const line of linesOf(input, limits, signal)) {
    if (line === 'idle') {
      if (events.length > 0) yield take()
      continue
    }
    if (events.length >= eventsMost || (events.length > 0 && bytes + line.bytes.length > bytesMost)) yield take()
    events.push(eventOf(line, type))
    lines.push(line.number)
    bytes += line.bytes.length
  }
  if (events.length > 0) yield take()
}

interface Line {
  readonly number: number
  readonly bytes: Uint8Array
}

async function* linesOf(input: Readable, limits: Limits, signal: AbortSignal): AsyncGenerator<Line | 'idle'> {
  // Room for everything beside the data: id, tags, metadata, and escapes.
  const lineBytesMost = 2 * (limits.eventBytes + limits.metadataBytes) + 64 * 1024
  let number = 0
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunksOf(input, signal)) {
    if (chunk === 'idle') {
      yield 'idle'
      continue
    }
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let start = 0
    // What was left of the chunk before holds no end of a line.
    for (let end = bytes.indexOf(newline, rest.length); end >= 0; end = bytes.indexOf(newline, start)) {
      number++
      if (!isBlank(bytes, start, end)) yield { number, bytes: bytes.subarray(start, end) }
      start = end + 1
    }
    rest = bytes.subarray(start)
    if (rest.length > lineBytesMost)
      throw new EventStoreError('TOO_LARGE', `line ${number + 1} is longer than ${lineBytesMost} bytes`, {
        line: number + 1,
        limit: lineBytesMost,
      })
  }
  // The end of a line that was interrupted is not the end of its event.
  if (!signal.aborted && !isBlank(rest, 0, rest.length)) yield { number: number + 1, bytes: rest }
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! > 32) return false
  return true
}

/** Chunks as they come, and `idle` once after each pause; ends with the input or with the signal. */
async function* chunksOf(input: Readable, signal: AbortSignal): AsyncGenerator<Buffer | 'idle'> {
  const chunks = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const stopped = new Promise<false>(resolve => signal.addEventListener('abort', () => resolve(false), { once: true }))
  while (!signal.aborted) {
    const next = chunks.next().catch((cause: unknown) => {
      throw new EventStoreError('INVALID', `standard input can not be read: ${String(cause)}`, { field: 'stdin' }, { cause })
    })
    // Whoever stops reading is not to be ended by a failure of an input it no longer wants.
    next.catch(() => undefined)
    const hasCome = next.then((): true => true)
    if (!(await within(hasCome, idleMs))) yield 'idle'
    if (!(await Promise.race([hasCome, stopped]))) return
    const { done, value } = await next
    if (done) return
    yield value
  }
}

async function within(promise: Promise<true>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>(resolve => (timer = setTimeout(resolve, ms, false)))
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function eventOf({ number, bytes: whole }: Line, type: string | undefined): NewEvent {
  // Some editors and shells begin a file with a byte order mark.
  const bytes = number === 1 && whole[0] === 0xef && whole[1] === 0xbb && whole[2] === 0xbf ? whole.subarray(3) : whole
  const text = textOf(bytes, number)
  const value = parse(text, number)
  // The bytes go on as they came, so that numbers are returned as they were given.
  if (type !== undefined) return { type, data: bytes, encoding: 'json' }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad(number, 'must be an event { "type", "data" }; give --type when lines are plain data')
  const fields = value as Record<string, unknown>
  for (const name of Object.keys(fields)) {
    if (!eventFields.has(name) && !placeFields.has(name))
      throw bad(
        number,
        `has an unknown field ${JSON.stringify(name)}${hint(name, [...eventFields])}; give --type when lines are plain data`,
        name,
      )
  }
  if (typeof fields['type'] !== 'string') throw bad(number, 'needs a "type"; give --type when lines are plain data', 'type')
  if (!Object.hasOwn(fields, 'data')) throw bad(number, 'needs "data"', 'data')
  return newEvent(fields, number)
}

const eventFields = new Set(['type', 'data', 'id', 'time', 'tags', 'metadata', 'encoding'])
/** What `read --json` adds to an event: given by the store, so left out when its lines are appended again. */
const placeFields = new Set(['stream', 'version', 'partition', 'sequence', 'stamp', 'position', 'recorded', 'partitionKey'])

function newEvent(fields: Readonly<Record<string, unknown>>, number: number): NewEvent {
  const event: Record<string, unknown> = {}
  for (const name of eventFields) if (fields[name] !== undefined) event[name] = fields[name]
  if (typeof event['time'] === 'string') event['time'] = timeOf(event['time'], number)
  if (event['encoding'] === 'bytes') event['data'] = bytesOf(event['data'], number)
  // The node checks the rest, at the same public method as for every other caller.
  return event as unknown as NewEvent
}

function timeOf(text: string, number: number): number {
  const ms = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw bad(number, `"time" must be ISO 8601 or milliseconds since the epoch, got ${JSON.stringify(text)}`, 'time')
  return ms
}

function bytesOf(data: unknown, number: number): Uint8Array {
  const base64 = (data as { $bytes?: unknown } | null)?.$bytes
  if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64))
    throw bad(number, '"data" must be { "$bytes": "<base64>" } when "encoding" is "bytes"', 'data')
  return new Uint8Array(Buffer.from(base64, 'base64'))
}

function textOf(bytes: Uint8Array, number: number): string {
  if (!isUtf8(bytes)) throw bad(number, 'is not UTF-8')
  return Buffer.prototype.utf8Slice.call(bytes, 0, bytes.length)
}

/** A number that JavaScript would round keeps its text: `12345678901234567890` stays what it is. */
function parse(text: string, number: number): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return /\d{16}|\d[eE.]|-0/.test(text) ? JSON.parse(text, keepNumber) : value
  } catch (cause) {
    throw new EventStoreError('INVALID', `line ${number} is not JSON: ${(cause as Error).message}`, { line: number }, { cause })
  }
}

type RawJson = { rawJSON(text: string): unknown }

function keepNumber(this: unknown, key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || key === 'time' || context?.source === undefined || String(value) === context.source) return value
  return (JSON as unknown as RawJson).rawJSON(context.source)
}

function bad(line: number, problem: string, field?: string): EventStoreError {
  return new EventStoreError('INVALID', `line ${line} ${problem}`, { line, ...(field === undefined ? {} : { field }) })
}
