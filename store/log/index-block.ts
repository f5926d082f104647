/** Puts a block that was built elsewhere, or before, into the tail's index, and tells the versions of its streams. */
import type { TextHash } from '../../event/hash.ts'
import { idSliceOf } from '../../event/payload.ts'
import { ID_ENTRY, type Tail } from '../index/tail.ts'
import type { TermHashes } from '../index/terms.ts'
import { eachTerm } from './block-terms.ts'
import type { Block } from './block.ts'

export interface BlockHashes {
  readonly stream: TextHash
  readonly id: TextHash
  readonly terms: TermHashes
}

export interface IndexTarget {
  readonly tail: Tail
  readonly hashes: BlockHashes
  /** A stream is at this version, or above. */
  readonly raise: (lo: number, hi: number, check: number, version: number) => void
}

/** `at`: the block's place in the tail. */
export function indexBlock(block: Block, at: number, { tail, hashes, raise }: IndexTarget): void {
  eachTerm(block.parts, hashes.terms, (lo, hi) => tail.terms.add(lo, hi, at))
  const last = new Uint32Array(block.streams.length)
  for (let row = 0; row < block.count; row++) {
    last[block.streamIndex(row)] = block.versionAt(row)
    const id = idSliceOf(block.bytes, block.extrasStart(row), block.extrasEnd(row))
    if (!id) continue
    const hash = hashes.id.bytes(block.bytes, id.start, id.end)
    tail.addEntry(hash.lo, hash.hi, hash.check, at | ID_ENTRY, 0)
  }
  for (let i = 0; i < last.length; i++) {
    const hash = hashes.stream.text(block.streams[i]!)
    tail.addEntry(hash.lo, hash.hi, hash.check, at, last[i]!)
    raise(hash.lo, hash.hi, hash.check, last[i]!)
  }
}
