/** Whether rows of the log are a request that was stored before: then its first answer is given again. */
import { type Outcome, STORED } from '../../event/outcome.ts'
import { WIDE } from '../../event/request.ts'
import type { RequestView } from '../../event/request-view.ts'
import type { Block } from './block.ts'
import { extrasBytesOf } from './block-builder.ts'

export interface Stored {
  readonly block: Block
  readonly row: number
}

/** Compares everything, event by event with the row that may be it; on success the outcome is the first answer. */
export function answersAsBefore(request: RequestView, found: readonly (Stored | null)[], outcome: Outcome): boolean {
  const isWide = (request.flags & WIDE) !== 0
  const names: string[] = []
  /** Last version of each stream so far. */
  const versions = new Uint32Array(request.streams)
  let payload = request.payload
  let extras = request.extras
  for (let i = 0; i < request.events; i++) {
    const stored = found[i]
    if (!stored) return false
    const stream = isWide ? request.streamOf(i) : 0
    const size = request.words[request.eventTable + i * 2 + 1]!
    const dataEnd = payload + (size & 0x3fffffff)
    const extrasEnd = extras + extrasBytesOf(request, i)
    const { block, row } = stored
    const version = block.versionAt(row)
    if (versions[stream]! > 0 && version !== versions[stream]! + 1) return false
    versions[stream] = version
    if (isWide && sequenceOf(stored) !== sequenceOf(found[0]!) + i) return false
    if (block.storedStreamOf(row) !== (names[stream] ??= request.streamName(stream)) || typeOf(request, i) !== block.typeOf(row))
      return false
    if (!isSame(request, payload, dataEnd, block, block.dataStart(row), block.dataEnd(row))) return false
    if (!isSame(request, extras, extrasEnd, block, block.extrasStart(row), block.extrasEnd(row))) return false
    payload = dataEnd
    extras = extrasEnd
  }
  const first = found[0]!
  const last = found[found.length - 1]!
  outcome.status = STORED
  outcome.firstVersion = first.block.versionAt(first.row)
  outcome.version = last.block.versionAt(last.row)
  outcome.firstSequence = sequenceOf(first)
  outcome.sequence = sequenceOf(last)
  outcome.stamp = last.block.stampAt(last.row)
  if (isWide && request.streams > 1) outcome.versions = versions
  return true
}

function sequenceOf({ block, row }: Stored): number {
  return block.firstSequence + row
}

function isSame(request: RequestView, start: number, end: number, block: Block, blockStart: number, blockEnd: number): boolean {
  return Buffer.compare(request.bytes.subarray(start, end), block.bytes.subarray(blockStart, blockEnd)) === 0
}

function typeOf(request: RequestView, event: number): string {
  const { words } = request
  const type = words[request.eventTable + event * 2]! >>> 16
  let at = request.names
  for (let i = 0; i < request.streams; i++) at += words[request.streamTable + i * 4 + 3]!
  for (let i = 0; i < type; i++) at += words[request.typeTable + i]!
  return Buffer.prototype.utf8Slice.call(request.bytes, at, at + words[request.typeTable + type]!)
}

/** The first stream that is written and expected at a number: where its events begin in the request, and how many it has. */
export function numericallyExpected(request: RequestView): { stream: number; expected: number; at: number; events: number } | null {
  if (!(request.flags & WIDE)) return request.expected < 0 ? null : { stream: 0, expected: request.expected, at: 0, events: request.events }
  for (let i = 0; i < request.events; i++) {
    const stream = request.streamOf(i)
    const expected = request.expectedOf(stream)
    if (expected < 0) continue
    let events = 1
    while (i + events < request.events && request.streamOf(i + events) === stream) events++
    return { stream, expected, at: i, events }
  }
  return null
}
