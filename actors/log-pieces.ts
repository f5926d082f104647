/** Cuts pages of the log at the rows that a topology is to try again, at letters that were put away, and at ticks. */
import { DISCARDED, REPLAYED } from './dead-letter.ts'
import type { SourcePage } from './log-source.ts'
import { TICK } from './ticks.ts'

/** The stream in which a deployment finds the rows that it is to try again. */
export interface Replays {
  readonly stream: string
  readonly partition: number
  readonly deployment: number
  /** Letters that were put away count as well: steps keep letters in order. */
  readonly discards?: boolean
  /** Where the ticks are, for a topology that goes by the clock. */
  readonly ticks?: { readonly stream: string; readonly partition: number }
}

/** Rows that follow each other, or one event of the system. */
export interface Piece {
  readonly page: SourcePage
  readonly holds: 'rows' | SystemEvent
}

type SystemEvent = 'replay' | 'discard' | 'tick'

/** The page cut before and behind each event of the system, so that it comes to its step at its place among the other rows. */
export function piecesOf(page: SourcePage, replays: Replays): Piece[] {
  const pieces: Piece[] = []
  let start = 0
  for (const [row, holds] of eventsIn(page, replays)) {
    if (row > start) pieces.push({ page: slice(page, start, row), holds: 'rows' })
    pieces.push({ page: slice(page, row, row + 1), holds })
    start = row + 1
  }
  if (start === 0) return [{ page, holds: 'rows' }]
  if (start < page.count) pieces.push({ page: slice(page, start, page.count), holds: 'rows' })
  return pieces
}

/** Nearly every row is of another partition, which costs a comparison of numbers. */
function eventsIn(
  { count, partitions, blocks, block, row }: SourcePage,
  { stream, partition, discards = false, ticks }: Replays,
): [row: number, holds: SystemEvent][] {
  const found: [number, SystemEvent][] = []
  for (let i = 0; i < count; i++) {
    if (partitions[i] !== partition && partitions[i] !== ticks?.partition) continue
    const of = blocks[block[i]!]!
    const type = of.typeOf(row[i]!)
    if (type === TICK && of.streamOf(row[i]!) === ticks?.stream) found.push([i, 'tick'])
    const isSought = type === REPLAYED || (discards && type === DISCARDED)
    if (isSought && of.streamOf(row[i]!) === stream) found.push([i, type === REPLAYED ? 'replay' : 'discard'])
  }
  return found
}

function slice({ blocks, block, row, stamps, partitions, sequences }: SourcePage, start: number, end: number): SourcePage {
  return {
    count: end - start,
    blocks,
    block: block.subarray(start, end),
    row: row.subarray(start, end),
    stamps: stamps.subarray(start, end),
    partitions: partitions.subarray(start, end),
    sequences: sequences.subarray(start, end),
  }
}
