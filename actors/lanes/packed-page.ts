/**
 * Pages on their way from one thread to another: all numbers of a page in one buffer that is transferred, dictionaries as what the other side has
 * not seen yet. What is neither number nor text is cloned.
 */
import type { Column, Flow, Page } from '../../operators/flow.ts'
import { aliveRows } from '../../operators/page.ts'
import { takeRows } from '../../operators/columns.ts'

/** Texts of a dictionary from `first` on; the other side keeps those before. */
interface PackedDictionary {
  readonly id: number
  readonly first: number
  readonly texts: readonly string[]
}

type PackedColumn =
  | { readonly kind: 'number'; readonly hasNulls: boolean }
  | { readonly kind: 'text'; readonly dictionary: PackedDictionary }
  | { readonly kind: 'slice'; readonly pool: string }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'value'; readonly values: readonly unknown[] }

export interface PackedPage {
  readonly kind: 'packed'
  readonly port: string
  readonly input: number
  readonly count: number
  readonly key?: readonly string[]
  /** Of those behind `order`: which are there. */
  readonly has: { readonly eventTime: boolean; readonly watermark: boolean; readonly rank: boolean }
  /** Columns of the key of the tie; left out where the page has none. */
  readonly tie?: readonly PackedColumn[]
  readonly names: readonly string[]
  readonly columns: readonly PackedColumn[]
  readonly buffer: ArrayBuffer
}

export type PackedFlow = PackedPage | Exclude<Flow, Page>

/** Dictionaries that one side remembers of the other at most; the oldest is sent again when it is used again. */
const dictionariesMax = 256

/** Stretches of one buffer, one behind another, each at a multiple of 8. */
class Stretches {
  readonly buffer: ArrayBuffer
  #at = 0

  constructor(buffer: ArrayBuffer) {
    this.buffer = buffer
  }

  floats(count: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.buffer, this.#next(8 * count), count)
  }

  integers(count: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.buffer, this.#next(4 * count), count)
  }

  bytes(count: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.buffer, this.#next(count), count)
  }

  #next(bytes: number): number {
    const at = this.#at
    this.#at = at + padded(bytes)
    return at
  }
}

function padded(bytes: number): number {
  return (bytes + 7) & ~7
}

function bytesOf(column: Column, count: number): number {
  if (column.kind === 'number') return padded(8 * count) + (column.nulls ? padded(count) : 0)
  if (column.kind === 'text') return padded(4 * count)
  if (column.kind === 'slice') return 2 * padded(4 * count)
  return column.kind === 'boolean' ? padded(count) : 0
}

export class PagePacker {
  readonly #sent = new Map<readonly string[], { readonly id: number; count: number }>()
  #nextDictionary = 1

  /** The buffers of what it answers are to be transferred: they are in `transfer` then. */
  pack(flow: Flow, transfer: ArrayBuffer[]): PackedFlow {
    if (flow.kind !== 'page') return flow
    const rows = aliveRows(flow)
    const { length: count } = rows
    const names = [...flow.columns.keys()]
    const columns = [...flow.columns.values()]
    const tied = flow.tie?.key ?? []
    const floats = 1 + (flow.eventTime ? 1 : 0) + (flow.watermark ? 1 : 0) + (flow.rank ? 1 : 0) + (flow.tie ? 1 : 0)
    const size = [...tied, ...columns].reduce((sum, column) => sum + bytesOf(column, count), floats * padded(8 * count))
    const into = new Stretches(new ArrayBuffer(size))
    transfer.push(into.buffer)
    for (const values of [flow.order, flow.eventTime, flow.watermark, flow.rank, flow.tie?.time])
      if (values) takeInto(values, rows, into.floats(count))
    return {
      kind: 'packed',
      port: flow.port,
      input: flow.input,
      count,
      ...(flow.key && { key: flow.key }),
      has: { eventTime: flow.eventTime !== undefined, watermark: flow.watermark !== undefined, rank: flow.rank !== undefined },
      ...(flow.tie && { tie: tied.map(column => this.#column(column, rows, into)) }),
      names,
      columns: columns.map(column => this.#column(column, rows, into)),
      buffer: into.buffer,
    }
  }

  #column(column: Column, rows: Int32Array, into: Stretches): PackedColumn {
    const { length: count } = rows
    if (column.kind === 'number') {
      takeInto(column.values, rows, into.floats(count))
      if (column.nulls) takeInto(column.nulls, rows, into.bytes(count))
      return { kind: 'number', hasNulls: column.nulls !== undefined }
    }
    if (column.kind === 'text') {
      takeInto(column.codes, rows, into.integers(count))
      return { kind: 'text', dictionary: this.#dictionary(column.dictionary) }
    }
    if (column.kind === 'slice') return packSlices(column, rows, { start: into.integers(count), length: into.integers(count) })
    if (column.kind === 'boolean') {
      takeInto(column.values, rows, into.bytes(count))
      return { kind: 'boolean' }
    }
    const taken = takeRows(column, rows)
    return { kind: 'value', values: taken.kind === 'value' ? taken.values : [] }
  }

  #dictionary(texts: readonly string[]): PackedDictionary {
    let known = this.#sent.get(texts)
    if (known === undefined) {
      // The other side forgets by the same rule, since it sees the same dictionaries in the same order.
      if (this.#sent.size >= dictionariesMax) this.#sent.delete(this.#sent.keys().next().value as readonly string[])
      this.#sent.set(texts, (known = { id: this.#nextDictionary++, count: 0 }))
    }
    const first = known.count
    known.count = texts.length
    return { id: known.id, first, texts: first === texts.length ? [] : texts.slice(first) }
  }
}

/** Only what the rows need of the pool goes along. */
function packSlices(
  column: Column & { readonly kind: 'slice' },
  rows: Int32Array,
  { start, length }: { start: Int32Array; length: Int32Array },
): PackedColumn {
  const texts: string[] = []
  let at = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    const own = column.length[row] as number
    start[i] = at
    length[i] = own
    if (own <= 0) continue
    const from = column.start[row] as number
    texts.push(column.pool.slice(from, from + own))
    at += own
  }
  return { kind: 'slice', pool: texts.join('') }
}

type Numbers = Float64Array | Int32Array | Uint8Array

function takeInto(values: Numbers, rows: Int32Array, into: Numbers): void {
  // Without a selection the rows are all there are.
  if (rows.length === values.length) return into.set(values)
  for (let i = 0; i < rows.length; i++) into[i] = values[rows[i] as number] as number
}

export class PageUnpacker {
  readonly #dictionaries = new Map<number, string[]>()

  unpack(flow: PackedFlow): Flow {
    if (flow.kind !== 'packed') return flow
    const { count, has, names, key } = flow
    const from = new Stretches(flow.buffer)
    const order = from.floats(count)
    const eventTime = has.eventTime && from.floats(count)
    const watermark = has.watermark && from.floats(count)
    const rank = has.rank && from.floats(count)
    const time = flow.tie && from.floats(count)
    const tied = flow.tie?.map(column => this.#column(column, count, from))
    const columns = flow.columns.map((column, at) => [names[at] as string, this.#column(column, count, from)] as const)
    return {
      kind: 'page',
      port: flow.port,
      input: flow.input,
      count,
      columns: new Map(columns),
      order,
      ...(eventTime && { eventTime }),
      ...(watermark && { watermark }),
      ...(key && { key }),
      ...(rank && { rank }),
      ...(time && tied && { tie: { time, key: tied } }),
    }
  }

  #column(column: PackedColumn, count: number, from: Stretches): Column {
    if (column.kind === 'number') {
      const values = from.floats(count)
      return column.hasNulls ? { kind: 'number', values, nulls: from.bytes(count) } : { kind: 'number', values }
    }
    if (column.kind === 'text') return { kind: 'text', codes: from.integers(count), dictionary: this.#dictionary(column.dictionary) }
    if (column.kind === 'slice') return { kind: 'slice', pool: column.pool, start: from.integers(count), length: from.integers(count) }
    if (column.kind === 'boolean') return { kind: 'boolean', values: from.bytes(count) }
    return column
  }

  #dictionary({ id, texts }: PackedDictionary): readonly string[] {
    let known = this.#dictionaries.get(id)
    if (known === undefined) {
      if (this.#dictionaries.size >= dictionariesMax) this.#dictionaries.delete(this.#dictionaries.keys().next().value as number)
      this.#dictionaries.set(id, (known = []))
    }
    for (const text of texts) known.push(text)
    return known
  }
}
