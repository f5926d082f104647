/** Sentences about folds of streams with snapshots, and about commands that decide by them. */
import { strict as assert } from 'node:assert'
import { commandHandler } from '../../../event/command-handler.ts'
import { EventStoreError, isEventStoreError } from '../../../event/error.ts'
import type { AggregateOptions, EventStore } from '../../../event/event-store.ts'
import type { Scene } from './scene.ts'

type Booked = { readonly type: 'booked'; readonly data: { readonly amount: number } }
type Closed = { readonly type: 'closed'; readonly data: Record<string, never> }
type AccountEvent = Booked | Closed

interface Account {
  readonly balance: number
  readonly entries: readonly number[]
  readonly isClosed: boolean
}

const account: AggregateOptions<Account, AccountEvent> = {
  initialState: () => ({ balance: 0, entries: [], isClosed: false }),
  evolve: (state, event) =>
    event.type === 'closed'
      ? { ...state, isClosed: true }
      : { ...state, balance: state.balance + event.data.amount, entries: [...state.entries.slice(-3), event.data.amount] },
}

const book = (amount: number): Booked => ({ type: 'booked', data: { amount } })

type Command = { readonly kind: 'book'; readonly amount: number } | { readonly kind: 'close' }

const decide = (command: Command, state: Account): AccountEvent | undefined => {
  if (state.isClosed) throw new RangeError('the account is closed')
  if (command.kind === 'close') return { type: 'closed', data: {} }
  return command.amount === 0 ? undefined : book(command.amount)
}

/** Adds up, and shows how many events were folded for it. */
async function folded(
  store: EventStore,
  stream: string,
  options: Partial<AggregateOptions<Account, AccountEvent>>,
): Promise<[Account, number, number]> {
  let events = 0
  const evolve: typeof account.evolve = (state, event) => {
    events++
    return account.evolve(state, event)
  }
  const { state, version } = await store.aggregateStream<Account, AccountEvent>(stream, { ...account, evolve, ...options })
  return [state, version, events]
}

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'none',
    (error: unknown) => (isEventStoreError(error) ? error.code : error),
  )

export const commands: Record<string, (scene: Scene) => Promise<void>> = {
  async 'a fold with snapshots is the whole fold, at every version'({ store, stream }) {
    const name = stream()
    for (let version = 1; version <= 40; version++) {
      await store.appendToStream<Booked>(name, book(version))
      const snapshot = { name: 'account', revision: 1, every: 7 }
      const [state, at] = await folded(store, name, { snapshot })
      assert.deepEqual([state, at], (await folded(store, name, {})).slice(0, 2))
      const to = 1 + (version % 11)
      assert.deepEqual((await folded(store, name, { snapshot, to })).slice(0, 2), (await folded(store, name, { to })).slice(0, 2))
    }
  },

  async 'a snapshot of another revision or name is not used, and a bad policy is refused'({ store, stream }) {
    const name = stream()
    await store.appendToStream<Booked>(name, [1, 2, 3].map(book))
    await folded(store, name, { snapshot: { revision: 1, every: 1 } })
    for (const snapshot of [
      { revision: 2, every: 1 },
      { name: 'other', revision: 1, every: 1 },
    ])
      assert.equal((await folded(store, name, { snapshot }))[2], 3)
    for (const snapshot of [
      { revision: 0, every: 1 },
      { revision: 1, every: 0 },
      { revision: 1.5, every: 1 },
      { name: 'a-b', revision: 1, every: 1 },
    ])
      assert.equal(await codeOf(folded(store, name, { snapshot })), 'INVALID')
  },

  async 'a command decides by the folded stream and appends where the fold stood'({ store, stream }) {
    const handle = commandHandler<Account, AccountEvent, Command>({ ...account, decide, stream: (id: string) => id })
    const name = stream()
    const first = await handle(store, name, { kind: 'book', amount: 5 })
    assert.deepEqual(
      [first.version, first.state.balance, first.events.map(({ type, version }) => [type, version])],
      [1, 5, [['booked', 1]]],
    )
    assert.equal(first.append?.position, first.events[0]?.position)
    const nothing = await handle(store, name, { kind: 'book', amount: 0 })
    assert.deepEqual([nothing.version, nothing.state, nothing.events, nothing.append], [1, first.state, [], null])
    const several = await handle(store, name, state => [book(state.balance), book(1)])
    assert.deepEqual([several.version, several.state.balance, several.events.length], [3, 11, 2])
    assert.deepEqual((await store.aggregateStream<Account, AccountEvent>(name, account)).state, several.state)
    await handle(store, name, { kind: 'close' })
    await assert.rejects(handle(store, name, { kind: 'book', amount: 1 }), /closed/)
    assert.equal(await store.streamVersion(name), 4)
  },

  async 'commands at the same time all count, once each'({ store, stream }) {
    const handle = commandHandler<Account, AccountEvent, Command>({ ...account, decide, retries: 50, snapshot: { revision: 1, every: 5 } })
    const name = stream()
    const amounts = Array.from({ length: 12 }, (_, number) => number + 1)
    await Promise.all(amounts.map(amount => handle(store, name, { kind: 'book', amount })))
    const { state, version } = await store.aggregateStream<Account, AccountEvent>(name, account)
    assert.deepEqual([state.balance, version], [78, 12])
  },

  async 'a conflict is tried again so often and no more, and not at all against an expected version'({ store, stream }) {
    const handle = commandHandler<Account, AccountEvent>({ ...account })
    const name = stream()
    let tries = 0
    const race = async (): Promise<Booked> => {
      tries++
      await store.appendToStream<Booked>(name, book(100))
      return book(1)
    }
    assert.equal(await codeOf(handle(store, name, race, { retries: 2 })), 'WRONG_EXPECTED_VERSION')
    assert.equal(tries, 3)
    tries = 0
    assert.equal(await codeOf(handle(store, name, race, { retries: 0 })), 'WRONG_EXPECTED_VERSION')
    assert.equal(await codeOf(handle(store, name, race, { expectedVersion: 4 })), 'WRONG_EXPECTED_VERSION')
    assert.equal(tries, 2)
    for (const expectedVersion of ['none', 3, 999] as const) {
      const error = await handle(store, name, race, { expectedVersion }).catch((thrown: unknown) => thrown)
      assert.ok(error instanceof EventStoreError && error.details['actual'] === 5)
    }
    assert.equal(tries, 2)
    for (const expectedVersion of ['any', 'exists'] as const) await handle(store, name, () => book(1), { expectedVersion })
    assert.equal(await store.streamVersion(name), 7)
  },

  async 'a handler says what is wrong with it'({ store, stream }) {
    const bad = [
      { ...account, evolve: undefined },
      { ...account, retries: -1 },
      { ...account, decide: 5 },
      { ...account, stream: 'a' },
    ]
    for (const options of bad)
      assert.throws(
        () => commandHandler(options as never),
        (error: unknown) => isEventStoreError(error, 'INVALID'),
      )
    const handle = commandHandler<Account, AccountEvent>(account)
    assert.equal(await codeOf(handle(store, stream(), { kind: 'close' } as never)), 'INVALID')
    assert.equal(await codeOf(handle(store, '', () => undefined)), 'INVALID')
    assert.equal(await codeOf(handle(store, stream(), () => ({ type: '', data: 1 }) as never)), 'INVALID')
  },
}
