/** Cuts pages of the log at the rows that a topology is to try again. */
import { REPLAYED } from './dead-letter.ts'
import type { SourcePage } from './log-source.ts'

/** The stream in which a deployment finds the rows that it is to try again. */
export interface Replays {
  readonly stream: string
  readonly partition: number
  readonly deployment: number
}

/** Rows that follow each other, or one that is a replay. */
export interface Piece {
  readonly page: SourcePage
  readonly isReplay: boolean
}

/** The page cut before and behind each replay, so that it comes to its step at its place among the other rows. */
export function piecesOf(page: SourcePage, replays: Replays): Piece[] {
  const pieces: Piece[] = []
  let start = 0
  for (const row of replaysIn(page, replays)) {
    if (row > start) pieces.push({ page: slice(page, start, row), isReplay: false })
    pieces.push({ page: slice(page, row, row + 1), isReplay: true })
    start = row + 1
  }
  if (start === 0) return [{ page, isReplay: false }]
  if (start < page.count) pieces.push({ page: slice(page, start, page.count), isReplay: false })
  return pieces
}

/** Nearly every row is of another partition, which costs a comparison of numbers. */
function replaysIn({ count, partitions, blocks, block, row }: SourcePage, { stream, partition }: Replays): number[] {
  const found: number[] = []
  for (let i = 0; i < count; i++) {
    if (partitions[i] !== partition) continue
    const of = blocks[block[i]!]!
    if (of.typeOf(row[i]!) === REPLAYED && of.streamOf(row[i]!) === stream) found.push(i)
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
