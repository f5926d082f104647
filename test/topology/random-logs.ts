/** Random logs for random topologies: events of several types, out of order in event time, with fields that lack, are null or of the wrong kind. */
import { encodeData } from '../../event/payload.ts'
import { defaultLimits } from '../../event/limits.ts'
import { STAMP_EPOCH_MS, STAMPS_PER_MS } from '../../event/stamp.ts'
import { partitionOf } from '../../event/stream-id.ts'
import type { GivenEvent } from '../../runtime/trial/given-log.ts'

/** Chance with a seed: mulberry32. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0, below `count`. */
  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  is(share: number): boolean {
    return this.next() < share
  }

  oneOf<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item
  }

  /** Some of them, at least one, in their order. */
  someOf<Item>(items: readonly Item[], most = items.length): Item[] {
    const count = 1 + this.below(Math.min(most, items.length))
    const picked = new Set<number>()
    while (picked.size < count) picked.add(this.below(items.length))
    return [...picked].sort((a, b) => a - b).map(index => items[index] as Item)
  }
}

export const partitions = 5
export const types = ['order', 'reading', 'click', 'note'] as const
export const categories = ['shop', 'plant', 'web'] as const

const keys = ['a', 'b', 'a', 'é', '\u{1f6eb}', '\ufffd', 'null', '']
const oddValues = [null, 'text', true, [1, 'x'], { deep: { er: 1 } }, -0, 1e21, '7']

/** One event in so many holds something that its neighbours do not. */
const oddShare = 0.04

/** Times rise on the whole; many are equal, some come late, a few very late or from far ahead. */
function timeFor(chance: Chance, index: number, stride: number): unknown {
  const trend = 1000 + index * stride
  const place = chance.below(20)
  const time =
    place < 8
      ? trend
      : place < 16
        ? trend - chance.below(8 * stride)
        : place < 19
          ? trend - chance.below(80 * stride)
          : trend + chance.below(60 * stride)
  if (chance.is(0.02)) return new Date(time).toISOString()
  if (chance.is(0.03)) return chance.oneOf([null, 'yesterday', { at: 1 }, time + 0.5])
  return time
}

function dataFor(chance: Chance, index: number, stride: number): unknown {
  if (chance.is(0.01)) return chance.oneOf<unknown>([7, 'only a text', [1, 2], null, {}])
  const data: Record<string, unknown> = {
    at: timeFor(chance, index, stride),
    came: 1000 + index * stride,
    key: chance.oneOf(keys),
    n: chance.is(0.3) ? chance.below(200) / 8 - 5 : chance.below(20) - 4,
    small: chance.below(3),
    flag: chance.is(0.5),
    tags: Array.from({ length: chance.below(4) }, () =>
      chance.is(0.8) ? chance.oneOf(keys) : { key: chance.oneOf(keys), n: chance.below(9) },
    ),
    item: { price: chance.below(50), ...(chance.is(0.5) && { kind: chance.oneOf(keys) }) },
    message: chance.is(0.9) ? JSON.stringify({ x: chance.below(9), ...(chance.is(0.3) && { y: 'z' }) }) : '{"x":',
  }
  for (const name of Object.keys(data)) {
    const place = chance.next()
    if (place < oddShare) delete data[name]
    else if (name !== 'at' && place < 2 * oddShare) data[name] = chance.oneOf(oddValues)
  }
  if (chance.is(0.1)) data['extra'] = chance.oneOf<unknown>([1, 'e', null])
  // The fields of an event come in any order.
  return chance.is(0.3) ? Object.fromEntries(Object.entries(data).reverse()) : data
}

export interface LogOptions {
  readonly events: number
  /** Event time between two events, on the whole. */
  readonly stride: number
}

export function randomLog(chance: Chance, { events, stride }: LogOptions): GivenEvent[] {
  const versions = new Map<string, number>()
  const sequences = new Map<number, number>()
  let stamp = (Date.UTC(2026, 0, 1) - STAMP_EPOCH_MS) * STAMPS_PER_MS
  const nextOf = <Name>(last: Map<Name, number>, name: Name): number => {
    const number = (last.get(name) ?? 0) + 1
    last.set(name, number)
    return number
  }
  return Array.from({ length: events }, (_, index) => {
    const stream = `${chance.oneOf(categories)}-${chance.below(3)}`
    const type = chance.oneOf(types)
    const partition = partitionOf(stream, partitions)
    const version = nextOf(versions, stream)
    // Sometimes nothing comes for a while.
    stamp += chance.is(0.5) ? 1 : 1 + chance.below((chance.is(0.1) ? 200 : 3) * STAMPS_PER_MS)
    return {
      ...encoded(chance, dataFor(chance, index, stride)),
      stream,
      type,
      id: `${stream}-${version}`,
      time: Math.floor(stamp / STAMPS_PER_MS) + STAMP_EPOCH_MS,
      version,
      partition,
      sequence: nextOf(sequences, partition),
      stamp,
    }
  })
}

function encoded(chance: Chance, data: unknown): Pick<GivenEvent, 'data' | 'encoding'> {
  const place = chance.below(100)
  if (place < 2) return { encoding: 'json', data: new TextEncoder().encode('{"n":1,') }
  if (place < 3) return { encoding: 'msgpack', data: Uint8Array.of(0xc1) }
  if (place < 4) return { encoding: 'bytes', data: Uint8Array.of(1, 2, 3) }
  const made = encodeData({ type: 't', data, encoding: place < 20 ? 'msgpack' : 'json' }, 0, defaultLimits)
  return { encoding: made.encoding, data: typeof made.data === 'string' ? new TextEncoder().encode(made.data) : made.data }
}
