/** A row of a block as the event a reader gets. */
import type { Event } from '../../event/event.ts'
import type { DataOptions } from '../../event/event-store.ts'
import { decodeData, decodeExtras } from '../../event/payload.ts'
import { type Place, positionOf } from '../../event/position.ts'
import { recordedOf } from '../../event/stamp.ts'
import type { Block } from './block.ts'

/** Id of an event that came without one: it names its own place, so nothing need be stored or looked up. */
export function madeId(storeId: string, partition: number, sequence: number): string {
  return `${storeId}-${partition.toString(36)}-${sequence.toString(36)}`
}

/** The place an id of `madeId` names, or null for any other id. */
export function placeOfMadeId(storeId: string, id: string): { partition: number; sequence: number } | null {
  if (!id.startsWith(`${storeId}-`)) return null
  const match = /^-([0-9a-z]{1,3})-([0-9a-z]{1,11})$/.exec(id.slice(storeId.length))
  return match ? { partition: Number.parseInt(match[1]!, 36), sequence: Number.parseInt(match[2]!, 36) } : null
}

/** With `jsonAs: 'bytes'` JSON is not parsed: numbers and keys come back as they were received. */
export function storedEvent(block: Block, row: number, storeId: string, options?: DataOptions): Event {
  const place = { partition: block.partition, sequence: block.firstSequence + row, stamp: block.stampAt(row) }
  return eventOfRow({ block, row, place }, storeId, options)
}

/** A row of a block, or of what looks like one, with its place. */
export interface BlockRow {
  readonly block: Pick<
    Block,
    'bytes' | 'encodingOf' | 'extrasStart' | 'extrasEnd' | 'dataStart' | 'dataEnd' | 'typeOf' | 'streamOf' | 'versionAt'
  >
  readonly row: number
  readonly place: Place
}

/** Throws when its data is not what its encoding says. */
export function eventOfRow({ block, row, place }: BlockRow, storeId: string, { jsonAs }: DataOptions = {}): Event {
  const { bytes } = block
  const { partition, sequence, stamp } = place
  const recorded = recordedOf(stamp)
  const encoding = block.encodingOf(row)
  const extras = decodeExtras(bytes, block.extrasStart(row), block.extrasEnd(row))
  return {
    id: extras.id ?? madeId(storeId, partition, sequence),
    type: block.typeOf(row),
    data: decodeData(bytes, block.dataStart(row), block.dataEnd(row), jsonAs === 'bytes' && encoding === 'json' ? 'bytes' : encoding),
    encoding,
    stream: block.streamOf(row),
    version: block.versionAt(row),
    partition,
    sequence,
    stamp,
    position: positionOf(stamp, partition, sequence),
    recorded,
    time: extras.time ?? recorded,
    ...(extras.tags ? { tags: extras.tags } : {}),
    ...(extras.metadata ? { metadata: extras.metadata } : {}),
    ...(extras.partitionKey === undefined ? {} : { partitionKey: extras.partitionKey }),
  }
}
