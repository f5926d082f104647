/**
 * Reads of the log for users: streams, the total order, single events. Everything is pulled; nothing is read that nobody asked for. Streams are
 * asked for by their stored names; what comes out bears the names that its tenant gave.
 */
import { EventStoreError } from '../event/error.ts'
import type { Event, Position, Stamp, Version } from '../event/event.ts'
import type { AsOf, Moment, ReadAllOptions, ReadStreamOptions } from '../event/event-store.ts'
import { timeOf } from '../event/payload.ts'
import { comparePlaces, type Place, placeOf } from '../event/position.ts'
import { checkReadLevel, type FreshnessOptions } from '../event/read-level.ts'
import { localName, type Scope, scopedText, scopeOf } from '../event/scope.ts'
import { stampOf } from '../event/stamp.ts'
import type { Block } from '../store/log/block.ts'
import { LogReader } from '../store/log/log-reader.ts'
import type { FoundBlocks } from '../store/index/segments.ts'
import type { LogView, ViewedShard } from '../store/log/log-view.ts'
import { placeOfMadeId, storedEvent } from '../store/log/stored-event.ts'

/** Blocks fetched at a time for one stream. */
const BLOCKS_AT_A_TIME = 64

/** Up to and including what `asOf` names: an exclusive stamp, and the place itself when it is a position. */
export function boundOf(asOf: AsOf | undefined): { stamp: number; place: Place | null } {
  if (asOf === undefined) return { stamp: Number.POSITIVE_INFINITY, place: null }
  if (typeof asOf === 'string') {
    const place = placeOf(asOf)
    return { stamp: place.stamp + 1, place }
  }
  const ms = asOf instanceof Date ? asOf.getTime() : asOf
  if (typeof ms !== 'number' || !Number.isFinite(ms))
    throw new EventStoreError('INVALID', 'asOf must be a position, a Date or milliseconds since the epoch', { field: 'asOf' })
  return { stamp: stampOf(Math.floor(ms) + 1), place: null }
}

function wholeFrom(value: number | undefined, least: number, field: string): void {
  if (value !== undefined && (!Number.isSafeInteger(value) || value < least))
    throw new EventStoreError('INVALID', `${field} must be a whole number from ${least}, got ${String(value)}`, { field })
}

function checkDirection(direction: unknown): boolean {
  if (direction !== undefined && direction !== 'forwards' && direction !== 'backwards')
    throw new EventStoreError('INVALID', `direction must be forwards or backwards, got ${JSON.stringify(direction)}`, {
      field: 'direction',
    })
  return direction === 'backwards'
}

/** Checks the options of a stream read at the call, not at the first pull. */
export function checkReadStream(options: ReadStreamOptions): void {
  wholeFrom(options.from, 0, 'from')
  wholeFrom(options.to, 0, 'to')
  wholeFrom(options.limit, 0, 'limit')
  checkDirection(options.direction)
  boundOf(options.asOf)
  checkFreshness(options)
}

/** Of any read, at the call. */
export function checkFreshness({ level, atLeast }: FreshnessOptions): void {
  checkReadLevel(level)
  if (atLeast !== undefined) placeOf(atLeast)
}

/** Blocks with events of a stream: where its own key leads, else where the key that was claimed for it does. */
function blocksOf(view: LogView, stream: string, versionFrom = 0): FoundBlocks & { readonly shard: ViewedShard } {
  const { lo, hi } = view.streamHash.text(stream)
  const query = { kind: 'stream', lo, hi, versionFrom } as const
  const home = view.shardOf(view.partitionOf(stream))
  const found = home.segments.find(query)
  if (found.blocks.length > 0 || !home.shared.hasClaims) return { shard: home, ...found }
  const shard = view.shardOf(view.partitionHolding(stream))
  return shard === home ? { shard, ...found } : { shard, ...shard.segments.find(query) }
}

/** Version of a stream's last committed event; 0 when it has none. */
export function streamVersion(view: LogView, stream: string): Version {
  const { shard, blocks, versions } = blocksOf(view, stream)
  for (let i = blocks.length - 1; i >= 0; i--) if (view.block(shard, blocks[i]!).rowsOf(stream).length > 0) return versions[i]!
  return 0
}

/** Rows of one stream, block by block in the order asked for. */
function* streamRows(view: LogView, stream: string, options: ReadStreamOptions): Generator<[block: Block, row: number]> {
  const backwards = options.direction === 'backwards'
  const low = (backwards ? options.to : options.from) ?? 1
  const high = (backwards ? options.from : options.to) ?? Number.POSITIVE_INFINITY
  const { shard, blocks } = blocksOf(view, stream, low)
  if (backwards) blocks.reverse()
  for (let at = 0; at < blocks.length; at += BLOCKS_AT_A_TIME) {
    for (const block of view.blocks(shard, blocks.slice(at, at + BLOCKS_AT_A_TIME))) {
      const rows = block.rowsOf(stream)
      for (let n = 0; n < rows.length; n++) {
        const row = rows[backwards ? rows.length - 1 - n : n]!
        const version = block.versionAt(row)
        if (version > high && !backwards) return
        if (version < low && backwards) return
        if (version >= low && version <= high) yield [block, row]
      }
    }
  }
}

/** Events of a stream; STREAM_NOT_FOUND when it has none at all, unless it may be missing. */
export function* streamEvents(view: LogView, stream: string, options: ReadStreamOptions, mayBeMissing = false): Generator<Event> {
  const bound = boundOf(options.asOf)
  let left = options.limit ?? Number.POSITIVE_INFINITY
  let any = false
  if (left > 0) {
    for (const [block, row] of streamRows(view, stream, options)) {
      any = true
      const stamp = block.stampAt(row)
      if (stamp >= bound.stamp) {
        if (options.direction === 'backwards') continue
        return
      }
      yield storedEvent(block, row, view.storeId, options)
      if (--left <= 0) return
    }
  }
  if (!any && !mayBeMissing && streamVersion(view, stream) === 0)
    throw new EventStoreError('STREAM_NOT_FOUND', `there is no stream "${localName(stream)}"`, { stream: localName(stream) })
}

function checkTexts(given: unknown, field: string): void {
  if (given !== undefined && !(Array.isArray(given) && given.every(isText)))
    throw new EventStoreError('INVALID', `${field} must be a list of texts of well-formed Unicode`, { field })
}

const isText = (given: unknown): boolean => typeof given === 'string' && given.isWellFormed()

/** The lowest stamp of what was recorded at a moment or later; undefined for none. */
function stampFrom(moment: Moment | undefined, field: 'since' | 'until'): Stamp | undefined {
  if (moment === undefined) return undefined
  const ms = isMoment(moment) ? timeOf(moment) : Number.NaN
  if (!Number.isFinite(ms))
    throw new EventStoreError('INVALID', `${field} must be milliseconds since the epoch, a Date or ISO 8601, got ${String(moment)}`, {
      field,
    })
  return stampOf(Math.ceil(ms))
}

function isMoment(moment: unknown): boolean {
  return typeof moment === 'number' || typeof moment === 'string' || moment instanceof Date
}

/** Checks the options of a read of all at the call, not at the first pull. */
export function checkReadAll(options: ReadAllOptions): void {
  wholeFrom(options.limit, 0, 'limit')
  checkDirection(options.direction)
  for (const field of ['types', 'categories', 'tags'] as const) checkTexts(options[field], field)
  const { correlation } = options
  checkTexts(typeof correlation === 'string' ? [correlation] : correlation, 'correlation')
  boundOf(options.asOf)
  stampFrom(options.since, 'since')
  stampFrom(options.until, 'until')
  if (options.from !== undefined) placeOf(options.from)
  checkFreshness(options)
}

/** A read of all that is one tenant's. */
export interface ScopedReadAll extends ReadAllOptions {
  readonly scope: Scope
}

/** The reader of a read of all; `place` instead of `from` for a place that no event stands at. */
export function readerOfAll(
  view: LogView,
  options: ScopedReadAll,
  pageRows: number,
  place?: Place,
): { reader: LogReader; bound: ReturnType<typeof boundOf> } {
  const bound = boundOf(options.asOf)
  const after = place ?? (options.from === undefined ? undefined : placeOf(options.from))
  const { correlation } = options
  const since = stampFrom(options.since, 'since')
  const until = stampFrom(options.until, 'until') ?? Number.POSITIVE_INFINITY
  const reader = new LogReader(view, {
    scope: options.scope,
    types: options.types,
    categories: options.categories,
    tags: options.tags,
    correlation: typeof correlation === 'string' ? [correlation] : correlation,
    system: options.system,
    pageRows: Math.min(pageRows, Math.max(1, options.limit ?? pageRows)),
    ...(since === undefined ? {} : { since }),
    upTo: Math.min(bound.stamp, until),
    backwards: options.direction === 'backwards',
    ...(after ? { after } : {}),
  })
  return { bound, reader }
}

/** Events of the total order, page by page, up to where it ended when the read began: one that chased the head would never end. */
export function* allEvents(view: LogView, options: ScopedReadAll, pageRows: number): Generator<Event> {
  const end = view.horizon.stamp
  const { reader, bound } = readerOfAll(view, options, pageRows)
  let left = options.limit ?? Number.POSITIVE_INFINITY
  while (left > 0) {
    const page = reader.next()
    if (reader.held) throw new EventStoreError('BUSY', 'a shard is being opened again; try again shortly')
    if (!page) return
    for (let i = 0; i < page.count && left > 0; i++) {
      if (page.stamps[i]! >= end) return
      const block = page.blocks[page.block[i]!]!
      if (
        bound.place &&
        comparePlaces({ stamp: page.stamps[i]!, partition: page.partitions[i]!, sequence: page.sequences[i]! }, bound.place) > 0
      )
        continue
      yield storedEvent(block, page.row[i]!, view.storeId, options)
      left--
    }
  }
}

/** The event at a place of a partition, or null when there is none, or it is another tenant's. */
function eventIn(view: LogView, scope: Scope, { partition, sequence }: { partition: number; sequence: number }): Event | null {
  if (partition >= view.partitions || sequence < 1 || sequence > view.sequenceOf(partition)) return null
  const shard = view.shardOf(partition)
  const number = shard.segments.blockOf(partition, sequence)
  if (number === null) return null
  const block = view.block(shard, number)
  const row = sequence - block.firstSequence
  if (row < 0 || row >= block.count)
    throw new EventStoreError('DAMAGED', `partition ${partition}: sequence ${sequence} is not where the index says`, {
      partition,
      sequences: [sequence, sequence],
      block: number,
    })
  return isOf(scope, block, row) ? storedEvent(block, row, view.storeId) : null
}

function isOf(scope: Scope, block: Block, row: number): boolean {
  const stream = block.storedStreamOf(row)
  return stream !== '' && scopeOf(stream) === scope
}

export function eventAt(view: LogView, scope: Scope, position: Position): Event {
  const place = placeOf(position)
  const event = eventIn(view, scope, place)
  if (!event || event.stamp !== place.stamp) throw new EventStoreError('NOT_FOUND', `no event stands at position ${position}`, { position })
  return event
}

export function eventById(view: LogView, scope: Scope, id: string): Event {
  const own = placeOfMadeId(view.storeId, id)
  const event = own ? eventIn(view, scope, own) : eventWithId(view, scope, id)
  if (!event) throw new EventStoreError('NOT_FOUND', `no event has the id ${JSON.stringify(id)}`, { id })
  return event
}

/** Where an event with an id may be. */
export function partitionsOfId(view: LogView, id: string): number[] {
  const own = placeOfMadeId(view.storeId, id)
  if (own) return own.partition < view.partitions ? [own.partition] : []
  return Array.from({ length: view.partitions }, (_, partition) => partition)
}

function eventWithId(view: LogView, scope: Scope, id: string): Event | null {
  const { lo, hi } = view.idHash.text(scopedText(scope, id))
  for (const shard of view.shards) {
    for (const block of view.blocks(shard, shard.segments.find({ kind: 'id', lo, hi }).blocks)) {
      for (let row = 0; row < block.count; row++) {
        if (block.extrasEnd(row) === block.extrasStart(row) || !isOf(scope, block, row)) continue
        const event = storedEvent(block, row, view.storeId)
        if (event.id === id) return event
      }
    }
  }
  return null
}
