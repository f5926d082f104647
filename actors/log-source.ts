/** Pages of columns from the log: only the fields that the plan needs are decoded, and of the envelope only what it names. */
import type { Encoding, Stamp } from '../event/event.ts'
import { decodeExtras } from '../event/payload.ts'
import type { Place } from '../event/position.ts'
import { recordedOf } from '../event/stamp.ts'
import type { Column, Page } from '../operators/flow.ts'
import type { DeadRow } from '../operators/operator.ts'
import { FieldReader } from '../store/log/fields.ts'
import { madeId } from '../store/log/stored-event.ts'
import { TextCodes } from '../store/log/text-codes.ts'
import type { LogSource as LogSourcePlan } from '../topology/plan.ts'
import { NOTHING_READ, type RowOrigin, type Source, type SourcePosition } from './source.ts'

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
  readonly reader: SourceReader
  readonly storeId: string
  /** Where an earlier run stopped; the reader must begin after its place. */
  readonly from?: SourcePosition
  /** The last stamp to read, for a source that ends. */
  readonly upTo?: Stamp
  changed(): Promise<void>
}

const envelopeDictionaryTextsMax = 65_536

export class LogSource implements Source {
  readonly id: string
  dead: readonly DeadRow[] = []
  isEnded = false
  readonly #options: LogSourceOptions
  readonly #fields: FieldReader
  readonly #envelope: readonly string[]
  readonly #texts = new Map<string, TextCodes>()
  readonly #sequences: Record<string, number>
  #place: Place | null
  #rows: number
  #page: SourcePage | null = null

  constructor(options: LogSourceOptions) {
    const from = options.from ?? NOTHING_READ
    this.id = options.plan.id
    this.#options = options
    this.#fields = new FieldReader(options.plan.fields.filter(name => !name.startsWith('$')))
    this.#envelope = options.plan.fields.filter(name => name.startsWith('$'))
    this.#place = from.place
    this.#rows = from.rows
    this.#sequences = { ...from.sequences }
  }

  get position(): SourcePosition {
    return { place: this.#place, rows: this.#rows, sequences: { ...this.#sequences } }
  }

  changed(): Promise<void> {
    return this.#options.changed()
  }

  next(): Page | null {
    const { reader, upTo } = this.#options
    const page = reader.next()
    if (page === null) {
      this.isEnded = upTo !== undefined && reader.head > upTo
      return null
    }
    this.#page = page
    const selection = this.#readPayloads(page)
    const columns = new Map<string, Column>(this.#fields.columns())
    for (const name of this.#envelope) columns.set(name, this.#envelopeColumn(name, page))
    this.#advance(page)
    return { kind: 'page', port: 'main', input: 0, count: page.count, ...(selection && { selection }), columns, order: page.stamps }
  }

  /** The rows alive, or undefined when all are; the others are in `dead`. */
  #readPayloads(page: SourcePage): Int32Array | undefined {
    const fields = this.#fields
    const dead: DeadRow[] = []
    const isDead = new Set<number>()
    fields.begin(page.count)
    for (let i = 0; i < page.count; i++) {
      const block = page.blocks[page.block[i]!]!
      const row = page.row[i]!
      const encoding = block.encodingOf(row)
      if (encoding === 'bytes') continue
      const isFine =
        encoding === 'json'
          ? fields.json(block.bytes, block.dataStart(row), block.dataEnd(row), i)
          : fields.msgpack(block.bytes, block.dataStart(row), block.dataEnd(row), i)
      if (isFine) continue
      isDead.add(i)
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
    return isDead.size === 0 ? undefined : Int32Array.from(Array.from({ length: page.count }, (_, i) => i).filter(i => !isDead.has(i)))
  }

  #advance(page: SourcePage): void {
    const { partitions, sequences, count } = page
    const last = count - 1
    for (let i = 0; i < count; i++) this.#sequences[partitions[i]!] = sequences[i]!
    this.#place = { stamp: page.stamps[last]!, partition: partitions[last]!, sequence: sequences[last]! }
    this.#rows += count
  }

  #envelopeColumn(name: string, page: SourcePage): Column {
    switch (name) {
      case '$stream':
        return this.#textColumn(name, page, (block, row) => block.streamOf(row))
      case '$type':
        return this.#textColumn(name, page, (block, row) => block.typeOf(row))
      case '$id':
        return this.#textColumn(
          name,
          page,
          (block, row, i) => extrasOf(block, row).id ?? madeId(this.#options.storeId, page.partitions[i]!, page.sequences[i]!),
        )
      case '$time':
        return this.#numberColumn(page, (block, row, i) => extrasOf(block, row).time ?? recordedOf(page.stamps[i]!))
      case '$recorded':
        return this.#numberColumn(page, (_, __, i) => recordedOf(page.stamps[i]!))
      case '$version':
        return this.#numberColumn(page, (block, row) => block.versionAt(row))
      case '$partition':
        return this.#numberColumn(page, (_, __, i) => page.partitions[i]!)
      case '$sequence':
        return { kind: 'number', values: page.sequences }
      default:
        return { kind: 'value', values: new Array<unknown>(page.count).fill(null) }
    }
  }

  #numberColumn(page: SourcePage, read: (block: SourceBlock, row: number, i: number) => number): Column {
    const values = new Float64Array(page.count)
    for (let i = 0; i < page.count; i++) values[i] = read(page.blocks[page.block[i]!]!, page.row[i]!, i)
    return { kind: 'number', values }
  }

  #textColumn(name: string, page: SourcePage, read: (block: SourceBlock, row: number, i: number) => string): Column {
    let texts = this.#texts.get(name)
    if (texts === undefined || texts.dictionary.length > envelopeDictionaryTextsMax) this.#texts.set(name, (texts = new TextCodes()))
    const codes = new Int32Array(page.count)
    for (let i = 0; i < page.count; i++) codes[i] = texts.ofText(read(page.blocks[page.block[i]!]!, page.row[i]!, i))
    return { kind: 'text', codes, dictionary: texts.dictionary }
  }

  originOf(order: number): RowOrigin | undefined {
    const page = this.#page
    const i = page === null ? -1 : page.stamps.indexOf(order)
    if (page === null || i < 0) return undefined
    const block = page.blocks[page.block[i]!]!
    const row = page.row[i]!
    return {
      place: { stamp: order, partition: page.partitions[i]!, sequence: page.sequences[i]! },
      stream: block.streamOf(row),
      type: block.typeOf(row),
      encoding: block.encodingOf(row),
      data: block.bytes.slice(block.dataStart(row), block.dataEnd(row)),
    }
  }
}

function extrasOf(block: SourceBlock, row: number): ReturnType<typeof decodeExtras> {
  return decodeExtras(block.bytes, block.extrasStart(row), block.extrasEnd(row))
}
