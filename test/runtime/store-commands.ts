/** Random commands for an event store and its dumb twin, run on both and compared after each. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isEventStoreError } from '../../event/error.ts'
import type { Event, ExpectedVersion, NewEvent } from '../../event/event.ts'
import type { AppendOptions, Direction } from '../../event/event-store.ts'
import { all, first, type OpenStore } from '../contract/event-store/scene.ts'
import { Twin, type TwinAnswer, type TwinEvent } from './store-twin.ts'

const streams = ['order-1', 'order-2', '{order-1}paid', 'cart-1', 'cart-{x}', 'ü', 'big-1']

interface Append {
  readonly stream: string
  readonly events: NewEvent[]
  readonly options: AppendOptions
}

export type Command =
  | { readonly kind: 'append'; readonly appends: readonly Append[] }
  | { readonly kind: 'in order'; readonly items: readonly { stream: string; event: NewEvent }[] }
  | {
      readonly kind: 'read'
      readonly stream: string
      readonly from: number | undefined
      readonly to: number | undefined
      readonly limit: number | undefined
      readonly direction: Direction
    }
  | {
      readonly kind: 'read all'
      readonly after: number
      readonly limit: number | undefined
      readonly direction: Direction
      readonly types: string[] | undefined
      readonly categories: string[] | undefined
    }
  | { readonly kind: 'follow'; readonly after: number }
  | { readonly kind: 'follow stream'; readonly stream: string; readonly from: number }
  | { readonly kind: 'reopen' }

const stream = fc.constantFrom(...streams)
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined })
const data = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 99 }) },
  { weight: 1, arbitrary: fc.nat(40_000).map(size => 'x'.repeat(size)) },
)
const event = fc
  .record({
    type: fc.constantFrom('a', 'b', 'c'),
    data,
    tags: maybe(fc.constant(['t'])),
    id: fc.option(fc.integer({ min: 0, max: 200 }).map(String), { nil: undefined, freq: 2 }),
  })
  .map(({ id, tags, ...rest }): NewEvent => ({ ...rest, ...(tags === undefined ? {} : { tags }), ...(id === undefined ? {} : { id }) }))
const expected = fc.oneof(
  { weight: 5, arbitrary: fc.constant<ExpectedVersion>('any') },
  { weight: 5, arbitrary: fc.constantFrom<ExpectedVersion>('none', 'exists', 0, 1, 2, 3, 5, 8) },
)
const producer = fc.option(fc.record({ producer: fc.constantFrom('p', 'q'), producerSequence: fc.integer({ min: 1, max: 12 }) }), {
  nil: {},
  freq: 4,
})
const append = fc.record({
  stream,
  events: fc.array(event, { minLength: 1, maxLength: 6 }),
  options: fc.tuple(expected, producer).map(([expectedVersion, by]): AppendOptions => ({ expectedVersion, ...by })),
})
/** Some appends are sent again later, as a client does that has heard nothing. */
const appends = fc
  .array(append, { minLength: 1, maxLength: 5 })
  .chain(list => fc.boolean().map(again => (again ? [...list, list[0]!] : list)))
const direction = fc.constantFrom<Direction>('forwards', 'backwards')
const place = fc.integer({ min: -1, max: 300 })
const number = maybe(fc.integer({ min: 0, max: 20 }))

export const commands = (keeps: boolean): fc.Arbitrary<Command[]> =>
  fc.array(
    fc.oneof(
      { weight: 10, arbitrary: fc.record({ kind: fc.constant('append' as const), appends }) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('in order' as const),
          items: fc.array(fc.record({ stream, event: event.map(({ type, data }): NewEvent => ({ type, data })) }), { maxLength: 30 }),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('read' as const), stream, from: number, to: number, limit: number, direction }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('read all' as const),
          after: place,
          limit: number,
          direction,
          types: maybe(fc.subarray(['a', 'b', 'd'])),
          categories: maybe(fc.subarray(['order', 'cart', 'ü'])),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('follow' as const), after: place }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('follow stream' as const), stream, from: fc.integer({ min: 0, max: 20 }) }) },
      ...(keeps ? [{ weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) }] : []),
    ),
    { minLength: 5, maxLength: 40, size: 'max' },
  )

/** The parts of an event that the twin knows. */
const partsOf = ({ stream, version, partition, sequence, type, data, id, tags }: Event | TwinEvent, given: boolean): unknown[] => [
  stream,
  version,
  partition,
  sequence,
  type,
  data,
  tags,
  given ? id : undefined,
]

function same(got: readonly Event[], wanted: readonly TwinEvent[]): void {
  assert.deepEqual(
    got.map((event, i) => partsOf(event, wanted[i]?.id !== undefined)),
    wanted.map(event => partsOf(event, true)),
  )
}

async function outcome(work: Promise<object>): Promise<TwinAnswer> {
  try {
    const answer = (await work) as {
      duplicate?: boolean
      highest: number
      firstVersion: number
      version: number
      firstSequence: number
      sequence: number
    }
    if (answer.duplicate) return { duplicate: true, highest: answer.highest }
    const { firstVersion, version, firstSequence, sequence } = answer
    return { firstVersion, version, firstSequence, sequence }
  } catch (error) {
    if (!isEventStoreError(error)) throw error
    return { code: error.code }
  }
}

/** Runs the commands on a store and its twin. `reopen` closes the store and opens it again. */
export async function compare(
  list: readonly Command[],
  open: OpenStore,
  partitions: number,
  reopen: (store: OpenStore) => Promise<OpenStore>,
): Promise<OpenStore> {
  const twin = new Twin(partitions)
  let store = open
  const given = <T extends object>(options: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } =>
    Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
      [Name in keyof T]?: Exclude<T[Name], undefined>
    }
  const positionOf = async (place: number): Promise<{ from?: string }> =>
    place < 0
      ? {}
      : { from: (await all(store.readStream(twin.all[place]!.stream, { from: twin.all[place]!.version, limit: 1 })))[0]!.position }
  for (const command of list) {
    switch (command.kind) {
      case 'append': {
        const answers = command.appends.map(({ stream, events, options }) => outcome(store.appendToStream(stream, events, options)))
        const wanted = command.appends.map(({ stream, events, options }) => twin.append(stream, events, options))
        assert.deepEqual(await Promise.all(answers), wanted)
        break
      }
      case 'in order':
        for (const item of command.items) twin.append(item.stream, [item.event])
        assert.equal((await store.appendInOrder(command.items)).events, command.items.length)
        break
      case 'read': {
        const { kind: _, stream, ...options } = command
        const wanted = twin.readStream(stream, given(options))
        if (wanted) same(await all(store.readStream(stream, given(options))), wanted)
        else assert.deepEqual(await outcome(all(store.readStream(stream, given(options)))), { code: 'STREAM_NOT_FOUND' })
        assert.equal(await store.streamVersion(stream), twin.of(stream).length)
        break
      }
      case 'read all': {
        const { kind: _, after, ...options } = command
        const place = Math.min(after, twin.all.length - 1)
        same(await all(store.readAll({ ...given(options), ...(await positionOf(place)) })), twin.readAll(given(options), place))
        break
      }
      case 'follow': {
        const place = Math.min(command.after, twin.all.length - 1)
        const wanted = twin.readAll({}, place)
        same(await first(store.subscribeToAll(await positionOf(place)), wanted.length), wanted)
        break
      }
      case 'follow stream': {
        const wanted = twin.of(command.stream).slice(Math.max(0, command.from - 1))
        same(await first(store.subscribeToStream(command.stream, { from: command.from }), wanted.length), wanted)
        break
      }
      case 'reopen':
        store = await reopen(store)
    }
  }
  same(await all(store.readAll()), twin.all)
  return store
}
