/** Columns of what stands beside the data of events: stream, type, id, times and places. */
import type { Event } from '../event/event.ts'
import { decodeExtras } from '../event/payload.ts'
import { recordedOf } from '../event/stamp.ts'
import type { Column } from '../operators/flow.ts'
import { eventOfRow, madeId } from '../store/log/stored-event.ts'
import { TextCodes } from '../store/log/text-codes.ts'
import type { SourceBlock, SourcePage } from './log-source.ts'

/** A dictionary that grew past this is left to the pages that share it. */
const dictionaryTextsMax = 65_536

export class EnvelopeReader {
  readonly #names: readonly string[]
  readonly #storeId: string
  readonly #texts = new Map<string, TextCodes>()

  constructor(names: readonly string[], storeId: string) {
    this.#names = names
    this.#storeId = storeId
  }

  columns(page: SourcePage): (readonly [name: string, column: Column])[] {
    return this.#names.map(name => [name, this.#column(name, page)])
  }

  #column(name: string, page: SourcePage): Column {
    switch (name) {
      case '$stream':
        return this.#textColumn(name, page, (block, row) => block.streamOf(row))
      case '$type':
        return this.#textColumn(name, page, (block, row) => block.typeOf(row))
      case '$id':
        return this.#textColumn(
          name,
          page,
          (block, row, i) => extrasOf(block, row).id ?? madeId(this.#storeId, page.partitions[i]!, page.sequences[i]!),
        )
      case '$time':
        return numberColumn(page, (block, row, i) => extrasOf(block, row).time ?? recordedOf(page.stamps[i]!))
      case '$recorded':
        return numberColumn(page, (_, __, i) => recordedOf(page.stamps[i]!))
      case '$version':
        return numberColumn(page, (block, row) => block.versionAt(row))
      case '$partition':
        return numberColumn(page, (_, __, i) => page.partitions[i]!)
      case '$sequence':
        return { kind: 'number', values: page.sequences }
      case '$event':
        return { kind: 'value', values: Array.from({ length: page.count }, (_, i) => this.#eventAt(page, i)) }
      default:
        return { kind: 'value', values: new Array<unknown>(page.count).fill(null) }
    }
  }

  /** Null when its data can not be read. */
  #eventAt(page: SourcePage, i: number): Event | null {
    try {
      const place = { partition: page.partitions[i]!, sequence: page.sequences[i]!, stamp: page.stamps[i]! }
      return eventOfRow({ block: page.blocks[page.block[i]!]!, row: page.row[i]!, place }, this.#storeId)
    } catch {
      return null
    }
  }

  #textColumn(name: string, page: SourcePage, read: (block: SourceBlock, row: number, i: number) => string): Column {
    let texts = this.#texts.get(name)
    if (texts === undefined || texts.dictionary.length > dictionaryTextsMax) this.#texts.set(name, (texts = new TextCodes()))
    const codes = new Int32Array(page.count)
    for (let i = 0; i < page.count; i++) codes[i] = texts.ofText(read(page.blocks[page.block[i]!]!, page.row[i]!, i))
    return { kind: 'text', codes, dictionary: texts.dictionary }
  }
}

function numberColumn(page: SourcePage, read: (block: SourceBlock, row: number, i: number) => number): Column {
  const values = new Float64Array(page.count)
  for (let i = 0; i < page.count; i++) values[i] = read(page.blocks[page.block[i]!]!, page.row[i]!, i)
  return { kind: 'number', values }
}

function extrasOf(block: SourceBlock, row: number): ReturnType<typeof decodeExtras> {
  return decodeExtras(block.bytes, block.extrasStart(row), block.extrasEnd(row))
}
