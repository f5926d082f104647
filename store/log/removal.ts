/**
 * A block without the events of some streams. Their data, names, ids, tags and metadata go; the header, the sequences, stamps and versions of all
 * rows stay, and with them the CRC that the next block was written after, so that the chain holds.
 */
import { copyBytes } from '../../event/copy-bytes.ts'
import { encodingNumbers } from '../../event/payload.ts'
import type { Block } from './block.ts'
import { sealLeft } from './block-seal.ts'

const NOTHING = new Uint8Array(0)
/** Flags that say "an id" and an id of no bytes: it counts as one with an id, as the index has it. */
const NO_ID = Uint8Array.of(1, 0)

/** The stored bytes of the block that is left; null when it holds no event of such a stream. `isRemoved` is given stored names. */
export function withoutStreams(block: Block, isRemoved: (stream: string) => boolean): Buffer | null {
  const removed = block.streams.map(stream => stream !== '' && isRemoved(stream))
  if (!removed.includes(true)) return null
  const rows = Array.from({ length: block.count }, (_, row) => rowOf(block, row, removed[block.streamIndex(row)]!))
  const typesLeft = new Set(rows.flatMap(({ isKept }, row) => (isKept ? [block.typeIndex(row)] : [])))
  const streamNames = block.streams.map((name, i) => Buffer.from(removed[i] ? '' : name))
  const typeNames = block.types.map((name, i) => Buffer.from(typesLeft.has(i) ? name : ''))
  return sealLeft(bodyOf(block, rows, [streamNames, typeNames]), block)
}

interface Row {
  readonly isKept: boolean
  readonly data: Uint8Array
  readonly extras: Uint8Array
}

function rowOf(block: Block, row: number, isRemoved: boolean): Row {
  const { bytes } = block
  const extras = bytes.subarray(block.extrasStart(row), block.extrasEnd(row))
  if (!isRemoved) return { isKept: true, data: bytes.subarray(block.dataStart(row), block.dataEnd(row)), extras }
  return { isKept: false, data: NOTHING, extras: extras.length > 0 && extras[0]! & NO_ID[0]! ? NO_ID : NOTHING }
}

/** The body in the layout of `block.ts`. */
function bodyOf(block: Block, rows: readonly Row[], names: readonly [streams: readonly Buffer[], types: readonly Buffer[]]): Uint8Array {
  const { count } = block
  const all = names.flat()
  const hasExtras = block.hasExtras
  const tables = count * (hasExtras ? 5 : 4) + all.length
  const nameBytes = (sum(all) + 3) & ~3
  const body = new Uint8Array(tables * 4 + nameBytes + sum(rows.map(({ data }) => data)) + sum(rows.map(({ extras }) => extras)))
  const words = new Uint32Array(body.buffer, 0, tables)
  let dataEnd = 0
  let extrasEnd = 0
  rows.forEach(({ isKept, data, extras }, row) => {
    words[row] = block.stampAt(row) - block.firstStamp
    words[count + row] = block.versionAt(row)
    words[count * 2 + row] = block.streamIndex(row) | (block.typeIndex(row) << 16)
    dataEnd += data.length
    words[count * 3 + row] = (dataEnd | ((isKept ? encodingNumbers[block.encodingOf(row)] : encodingNumbers.bytes) << 30)) >>> 0
    extrasEnd += extras.length
    if (hasExtras) words[count * 4 + row] = extrasEnd
  })
  let end = 0
  all.forEach((name, i) => {
    end += name.length
    words[tables - all.length + i] = end
  })
  copyAll(all, body, tables * 4)
  const payload = rows.map(({ data }) => data)
  const extrasAt = copyAll(payload, body, tables * 4 + nameBytes)
  copyAll(
    rows.map(({ extras }) => extras),
    body,
    extrasAt,
  )
  return body
}

function copyAll(parts: readonly Uint8Array[], target: Uint8Array, from: number): number {
  let at = from
  for (const part of parts) {
    copyBytes(part, 0, part.length, target, at)
    at += part.length
  }
  return at
}

const sum = (parts: readonly Uint8Array[]): number => parts.reduce((total, { length }) => total + length, 0)
