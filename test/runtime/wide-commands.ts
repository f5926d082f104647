/** Random appends to several streams, with conditions and given keys, run on a store and on its dumb twin and compared after each. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isEventStoreError } from '../../event/error.ts'
import type { NewEvent } from '../../event/event.ts'
import type { ConditionQuery } from '../../event/event-store.ts'
import { all, type OpenStore } from '../contract/event-store/scene.ts'
import { type WideAnswer, type WideAppend, type WideCondition, type WideItem, WideTwin } from './wide-twin.ts'

const streams = ['{k}a', '{k}b', '{k}c', 'k', '{l}a', 'a', 'b', 'c-{l}']
const keys = ['k', 'l', 'a']

export type WideCommand =
  | { readonly kind: 'append'; readonly append: WideAppend }
  /** Without waiting for each other; none of them gives a key. */
  | { readonly kind: 'burst'; readonly appends: readonly WideAppend[] }
  | { readonly kind: 'in order'; readonly names: readonly string[] }
  | { readonly kind: 'reopen' }

const tag = fc.constantFrom('s', 't', 'ü "')
const event = fc
  .record({
    type: fc.constantFrom('x', 'y', 'z'),
    data: fc.nat(99),
    tags: fc.option(fc.uniqueArray(tag, { minLength: 1, maxLength: 2 }), { nil: undefined }),
    id: fc.option(fc.nat(150).map(String), { nil: undefined, freq: 2 }),
  })
  .map(({ tags, id, ...rest }): NewEvent => ({ ...rest, ...(tags && { tags }), ...(id !== undefined && { id }) }))
const expectedVersion = fc.oneof(
  { weight: 4, arbitrary: fc.constant<WideItem['expectedVersion']>('any') },
  { weight: 3, arbitrary: fc.constantFrom<WideItem['expectedVersion']>('none', 'exists', 0, 1, 2, 4, 7) },
)
const query: fc.Arbitrary<ConditionQuery> = fc
  .record({
    types: fc.option(fc.subarray(['x', 'y', 'z', 'w'], { minLength: 1, maxLength: 2 })),
    tags: fc.option(fc.uniqueArray(tag, { minLength: 1, maxLength: 2 })),
  })
  .map(({ types, tags }) => ({ ...(types && { types }), ...(tags && { tags }) }))
const condition: fc.Arbitrary<WideCondition> = fc.record({
  none: fc.array(query, { minLength: 1, maxLength: 2 }),
  after: fc.integer({ min: -1, max: 120 }),
})
const item = (stream: string): fc.Arbitrary<WideItem> =>
  fc.record({
    stream: fc.constant(stream),
    events: fc.oneof({ weight: 3, arbitrary: fc.array(event, { minLength: 1, maxLength: 4 }) }, { weight: 1, arbitrary: fc.constant([]) }),
    expectedVersion,
  })

/** Streams of one key, more often than not. */
const names = fc.oneof(
  { weight: 3, arbitrary: fc.shuffledSubarray(['{k}a', '{k}b', '{k}c', 'k'], { minLength: 1 }) },
  { weight: 2, arbitrary: fc.shuffledSubarray(streams, { minLength: 1, maxLength: 3 }) },
  { weight: 2, arbitrary: fc.constantFrom(...streams).map(stream => [stream]) },
)
const append = (key: fc.Arbitrary<string | undefined>): fc.Arbitrary<WideAppend> =>
  names.chain(list =>
    fc
      .record({
        items: fc.tuple(...list.map(item)),
        conditions: fc.option(fc.array(condition, { minLength: 1, maxLength: 2 }), { nil: [], freq: 2 }),
        partitionKey: key,
      })
      .filter(({ items }) => items.some(({ events }) => events.length > 0)),
  )
const noKey = fc.constant(undefined)

export const wideCommands = (keeps: boolean): fc.Arbitrary<WideCommand[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('append' as const),
          append: append(fc.option(fc.constantFrom(...keys), { nil: undefined, freq: 2 })),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('burst' as const), appends: fc.array(append(noKey), { minLength: 2, maxLength: 6 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('in order' as const), names: fc.array(fc.constantFrom(...streams), { maxLength: 12 }) }),
      },
      ...(keeps ? [{ weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) }] : []),
    ),
    { minLength: 4, maxLength: 30, size: 'max' },
  )

/** Runs the commands on a store and its twin. `reopen` closes the store and opens it again. */
export async function compareWide(
  list: readonly WideCommand[],
  open: OpenStore,
  partitions: number,
  reopen: (store: OpenStore) => Promise<OpenStore>,
): Promise<void> {
  const scene = new Scene(open, new WideTwin(partitions))
  for (const command of list) {
    if (command.kind === 'append') await scene.append(command.append)
    else if (command.kind === 'burst') await scene.burst(command.appends)
    else if (command.kind === 'in order') await scene.inOrder(command.names)
    else scene.store = await reopen(scene.store)
    await scene.look()
  }
}

class Scene {
  store: OpenStore
  readonly #twin: WideTwin

  constructor(store: OpenStore, twin: WideTwin) {
    this.store = store
    this.#twin = twin
  }

  async append(given: WideAppend): Promise<void> {
    const append = this.#clamped(given)
    const toClaim = this.#twin.toClaim(append)
    const send = await this.#prepared(append)
    const got = await send()
    // Which claims were made before one turned out to be impossible is nobody's promise.
    const made = 'code' in got && got.code === 'PARTITION_KEY_MISMATCH' ? await this.#claimed(toClaim) : []
    for (const stream of made) assert.equal(this.#twin.of(stream).length, 0)
    const wanted = this.#twin.append(append)
    if (made.length > 0) assert.deepEqual(wanted, { code: 'PARTITION_KEY_MISMATCH' })
    for (const stream of made) this.#twin.claim(stream, append.partitionKey!)
    assert.deepEqual(await this.#named(got), wanted)
  }

  /** In the order in which their claims lie in the log. */
  async #claimed(streams: readonly string[]): Promise<string[]> {
    const found = await Promise.all(
      streams.map(async stream =>
        (await this.store.streamVersion(`$key-${stream}`)) === 0 ? [] : all(this.store.readStream(`$key-${stream}`)),
      ),
    )
    return found
      .flat()
      .sort((a, b) => a.stamp - b.stamp)
      .map(({ stream }) => stream.slice('$key-'.length))
  }

  async burst(given: readonly WideAppend[]): Promise<void> {
    const appends = given.map(append => this.#clamped(append))
    const sends = await Promise.all(appends.map(append => this.#prepared(append)))
    const answers = sends.map(send => send())
    const wanted = appends.map(append => this.#twin.append(append))
    for (const [n, answer] of answers.entries()) assert.deepEqual(await this.#named(await answer), wanted[n])
  }

  /** Its conditions name events that there are. */
  #clamped(append: WideAppend): WideAppend {
    const last = this.#twin.all.length - 1
    return { ...append, conditions: append.conditions.map(({ none, after }) => ({ none, after: Math.min(after, last) })) }
  }

  async inOrder(list: readonly string[]): Promise<void> {
    const items = list.map((stream, data) => ({ stream, event: { type: 'x', data } }))
    assert.equal((await this.store.appendInOrder(items)).events, items.length)
    for (const { stream, event } of items)
      this.#twin.append({ items: [{ stream, events: [event], expectedVersion: 'any' }], conditions: [], partitionKey: undefined })
  }

  /** What the conditions name by number is looked up before. */
  async #prepared({ items, conditions, partitionKey }: WideAppend): Promise<() => Promise<WideAnswer>> {
    const given = await Promise.all(conditions.map(async ({ none, after }) => ({ none, ...(await this.#position(after)) })))
    const options = { ...(given.length > 0 && { conditions: given }), ...(partitionKey !== undefined && { partitionKey }) }
    const [only] = items
    const isOne = items.length === 1 && (only!.expectedVersion === 'any' || partitionKey === undefined)
    return async () => {
      try {
        if (isOne) {
          const answer = await this.store.appendToStream(only!.stream, only!.events, { ...options, expectedVersion: only!.expectedVersion })
          assert.ok(!answer.duplicate)
          const { stream, firstVersion, version, firstSequence, sequence } = answer
          return { streams: [{ stream, firstVersion, version }], sequences: [firstSequence, sequence] }
        }
        const answer = await this.store.appendToStreams(
          items.map(({ events, ...rest }) => ({ ...rest, ...(events.length > 0 && { events }) })),
          options,
        )
        assert.ok(!answer.duplicate)
        return { streams: answer.streams, sequences: [answer.firstSequence, answer.sequence] }
      } catch (error) {
        if (!isEventStoreError(error)) throw error
        const { stream, expected, actual, position } = error.details
        if (error.code === 'WRONG_EXPECTED_VERSION') return { code: error.code, about: [stream, expected, actual] }
        return error.code === 'CONDITION_FAILED' ? { code: error.code, about: position } : { code: error.code }
      }
    }
  }

  async #position(place: number): Promise<{ after?: string }> {
    const event = this.#twin.all[place]
    if (!event) return {}
    return { after: (await all(this.store.readStream(event.stream, { from: event.version, limit: 1 })))[0]!.position }
  }

  /** The position of an event as its number. */
  async #named(answer: WideAnswer): Promise<WideAnswer> {
    if (!('code' in answer) || typeof answer.about !== 'string') return answer
    const { partition, sequence } = await this.store.readEventAt(answer.about)
    return { code: answer.code, about: this.#twin.all.findIndex(event => event.partition === partition && event.sequence === sequence) }
  }

  /** All of the log and each stream are as the twin has them. */
  async look(): Promise<void> {
    const parts = ({
      stream,
      version,
      partition,
      sequence,
      type,
      data,
      tags,
    }: Omit<NewEvent, 'id'> & { stream: string; version: number; partition: number; sequence: number }): unknown[] => [
      stream,
      version,
      partition,
      sequence,
      type,
      data,
      tags,
    ]
    assert.deepEqual((await all(this.store.readAll({ system: true }))).map(parts), this.#twin.all.map(parts))
    for (const stream of streams) {
      assert.equal(await this.store.streamVersion(stream), this.#twin.of(stream).length)
      if (this.#twin.of(stream).length === 0) continue
      const events = await all(this.store.readStream(stream))
      assert.deepEqual(events.map(parts), this.#twin.of(stream).map(parts))
      for (const { partitionKey } of events) assert.equal(partitionKey, this.#twin.keys.get(stream))
    }
  }
}
