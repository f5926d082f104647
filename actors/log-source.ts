/** Pages of columns from the log: only the fields that the plan needs are decoded, and of the envelope only what it names. */
import type { Encoding, Stamp } from '../event/event.ts'
import { decodeData } from '../event/payload.ts'
import type { Place } from '../event/position.ts'
import { recordedOf } from '../event/stamp.ts'
import type { Column } from '../operators/flow.ts'
import type { DeadRow } from '../operators/operator.ts'
import { columnsOf } from '../operators/page.ts'
import { FieldReader } from '../store/log/fields.ts'
import type { LogSource as LogSourcePlan } from '../topology/plan.ts'
import { readPutAway, readReplay, type ReplayedData } from './dead-letter.ts'
import { EnvelopeReader } from './log-envelope.ts'
import { type Piece, piecesOf, type Replays } from './log-pieces.ts'
import { LogTaps } from './log-taps.ts'
import { NOTHING_READ, type PulledPage, type RowOrigin, type Source, type SourcePosition, type Tap } from './source.ts'

/** The part of a block that a source looks at. */
export interface SourceBlock {
  readonly bytes: Uint8Array
  readonly firstSequence: number
  streamOf(row: number): string
  typeOf(row: number): string
  versionAt(row: number): number
  encodingOf(row: number): Encoding
  dataStart(row: number): number
  dataEnd(row: number): number
  extrasStart(row: number): number
  extrasEnd(row: number): number
}

/** Rows of the log in total order. */
export interface SourcePage {
  readonly count: number
  readonly blocks: readonly SourceBlock[]
  /** Index into `blocks` of each row, and its row there. */
  readonly block: Int32Array
  readonly row: Int32Array
  readonly stamps: Float64Array
  readonly partitions: Uint16Array
  readonly sequences: Float64Array
}

/** The part of the log's reader that a source needs. */
export interface SourceReader {
  /** Null when nothing more is committed now. */
  next(): SourcePage | null
  /** All rows with a lower stamp were handed out. */
  readonly head: Stamp
}

export interface LogSourceOptions {
  readonly plan: LogSourcePlan
  /** With `replays` it must also hand out their events, which no tap sees. */
  readonly reader: SourceReader
  readonly replays?: Replays
  readonly storeId: string
  /** Where an earlier run stopped; the reader must begin after its place. */
  readonly from?: SourcePosition
  /** The last stamp to read, for a source that ends. */
  readonly upTo?: Stamp
  changed(): Promise<void>
}

const noRows = new Int32Array(0)

export class LogSource implements Source {
  readonly id: string
  dead: readonly DeadRow[] = []
  isEnded = false
  readonly #options: LogSourceOptions
  readonly #fields: FieldReader
  readonly #envelope: EnvelopeReader
  readonly #taps: LogTaps | undefined
  readonly #sequences: Record<string, number>
  #place: Place | null
  #rows: number
  /** Pieces of the page read last that are still to be handed out. */
  #pieces: Piece[] = []
  #page: SourcePage | null = null
  #replay: ReplayedData | undefined

  constructor(options: LogSourceOptions) {
    const from = options.from ?? NOTHING_READ
    const { id, fields, taps } = options.plan
    this.id = id
    this.#options = options
    this.#fields = new FieldReader(fields.filter(name => !name.startsWith('$')))
    this.#envelope = new EnvelopeReader(
      fields.filter(name => name.startsWith('$')),
      options.storeId,
    )
    this.#taps = taps && new LogTaps(taps)
    this.#place = from.place
    this.#rows = from.rows
    this.#sequences = { ...from.sequences }
  }

  get position(): SourcePosition {
    return { place: this.#place, rows: this.#rows, sequences: { ...this.#sequences } }
  }

  get head(): Stamp {
    return this.#options.reader.head
  }

  changed(): Promise<void> {
    return this.#options.changed()
  }

  next(): PulledPage | null {
    const piece = this.#pieces.shift() ?? this.#read()
    if (piece === undefined) {
      const { reader, upTo } = this.#options
      this.isEnded = upTo !== undefined && reader.head > upTo
      // What leaves at the end has no event that it came from: whether the last one is still at hand depends on pages and restarts.
      if (this.isEnded) this.#page = null
      return null
    }
    const { page } = piece
    this.#page = page
    this.#replay = undefined
    this.dead = []
    const pulled = piece.holds === 'rows' ? this.#pulled(page) : piece.holds === 'tick' ? tickOf(page) : this.#ofLetters(page, piece.holds)
    this.#advance(page)
    return pulled
  }

  #read(): Piece | undefined {
    const { reader, replays } = this.#options
    const page = reader.next()
    if (page === null) return undefined
    if (replays === undefined) return { page, holds: 'rows' }
    this.#pieces = piecesOf(page, replays)
    return this.#pieces.shift()
  }

  #pulled(page: SourcePage): PulledPage {
    const tapped = this.#taps?.rowsOf(page)
    this.#rows += tapped ? countOf(tapped.wanted) : page.count
    const isAlive = this.#readPayloads(page, tapped?.wanted)
    const columns = new Map<string, Column>([...this.#fields.columns(), ...this.#envelope.columns(page)])
    const selection = isAlive && rowsAlive(isAlive)
    return {
      kind: 'page',
      port: 'main',
      input: 0,
      count: page.count,
      ...(selection && { selection }),
      columns,
      order: page.stamps,
      ...(tapped && { taps: this.dead.length === 0 ? tapped.taps : tapped.taps.map(tap => withoutDead(tap, isAlive)) }),
    }
  }

  /** A row as it came to its step when it was given up, or a letter that was put away; nothing if it is another deployment's. */
  #ofLetters(page: SourcePage, holds: 'replay' | 'discard'): PulledPage {
    const { count, stamps: order } = page
    const block = page.blocks[page.block[0]!]!
    const row = page.row[0]!
    const data = decodeData(block.bytes, block.dataStart(row), block.dataEnd(row), block.encodingOf(row))
    const { deployment } = this.#options.replays!
    const bare: PulledPage = { kind: 'page', port: 'main', input: 0, count, columns: new Map(), order }
    if (holds === 'discard') {
      const putAway = readPutAway(data, deployment)
      return putAway === undefined ? { ...bare, selection: noRows } : { ...bare, putAway }
    }
    const replay = readReplay(data, deployment)
    this.#replay = replay
    if (replay === undefined) return { ...bare, selection: noRows }
    const { step, input, eventTime, key, turn } = replay
    return {
      ...bare,
      input,
      columns: columnsOf([replay.row]),
      ...(eventTime !== undefined && { eventTime: Float64Array.of(eventTime) }),
      ...(key && { key }),
      replay: { step, input, ...(turn && { turn }) },
    }
  }

  /** 1 for each row alive, or undefined when all are; those that can not be read are in `dead`. */
  #readPayloads(page: SourcePage, wanted: Uint8Array | undefined): Uint8Array | undefined {
    const fields = this.#fields
    const dead: DeadRow[] = []
    let isAlive = wanted
    fields.begin(page.count)
    for (let i = 0; i < page.count; i++) {
      if (wanted?.[i] === 0) continue
      const block = page.blocks[page.block[i]!]!
      const row = page.row[i]!
      const encoding = block.encodingOf(row)
      if (encoding === 'bytes') continue
      const isRead =
        encoding === 'json'
          ? fields.json(block.bytes, block.dataStart(row), block.dataEnd(row), i)
          : fields.msgpack(block.bytes, block.dataStart(row), block.dataEnd(row), i)
      if (isRead) continue
      isAlive ??= new Uint8Array(page.count).fill(1)
      isAlive[i] = 0
      dead.push({
        step: this.id,
        cause: `data is not ${encoding === 'json' ? 'JSON' : 'MessagePack'}`,
        code: 'INVALID',
        order: page.stamps[i]!,
        row: {},
        attempts: 1,
      })
    }
    this.dead = dead
    return isAlive
  }

  #advance(page: SourcePage): void {
    const { partitions, sequences, count } = page
    const last = count - 1
    for (let i = 0; i < count; i++) this.#sequences[partitions[i]!] = sequences[i]!
    this.#place = { stamp: page.stamps[last]!, partition: partitions[last]!, sequence: sequences[last]! }
  }

  originOf(order: number): RowOrigin | undefined {
    return originIn(this.#page, this.#replay, order)
  }

  originsOf(): (order: number) => RowOrigin | undefined {
    const [page, replay] = [this.#page, this.#replay]
    return order => originIn(page, replay, order)
  }
}

function originIn(page: SourcePage | null, replay: ReplayedData | undefined, order: number): RowOrigin | undefined {
  const i = page === null ? -1 : indexOfStamp(page.stamps, order)
  if (page === null || i < 0) return undefined
  const block = page.blocks[page.block[i]!]!
  const row = page.row[i]!
  return {
    place: { stamp: order, partition: page.partitions[i]!, sequence: page.sequences[i]! },
    stream: block.streamOf(row),
    type: block.typeOf(row),
    encoding: block.encodingOf(row),
    data: block.bytes.slice(block.dataStart(row), block.dataEnd(row)),
    ...(replay && { replay }),
  }
}

/** It holds no row. */
function tickOf({ count, stamps: order }: SourcePage): PulledPage {
  const tick = recordedOf(order[0]!)
  return { kind: 'page', port: 'main', input: 0, count, columns: new Map(), order, tick }
}

/** The stamps of a page rise. */
function indexOfStamp(stamps: Float64Array, stamp: number): number {
  let [low, high] = [0, stamps.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (stamps[middle]! < stamp) low = middle + 1
    else high = middle
  }
  return stamps[low] === stamp ? low : -1
}

function countOf(isThere: Uint8Array): number {
  let count = 0
  for (const one of isThere) count += one
  return count
}

/** Indexes of the rows alive; undefined when all are. */
function rowsAlive(isAlive: Uint8Array): Int32Array | undefined {
  const rows = new Int32Array(isAlive.length)
  let count = 0
  for (let row = 0; row < isAlive.length; row++) if (isAlive[row] === 1) rows[count++] = row
  return count === isAlive.length ? undefined : rows.subarray(0, count)
}

function withoutDead(tap: Tap, isAlive: Uint8Array | undefined): Tap {
  return isAlive && tap.selection ? { ...tap, selection: tap.selection.filter(row => isAlive[row] === 1) } : tap
}
