/** Given, when, then: what passes passes, and what is not so is an AssertionError that says it. */
import { AssertionError } from 'node:assert'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EventStoreError } from '../../event/error.ts'
import type { EventOf } from '../../event/event-store.ts'
import { projection } from '../../topology/projection.ts'
import { decider, projectionSpec } from '../contract/index.ts'

type Added = { readonly type: 'added'; readonly data: { readonly item: string; readonly note?: string | undefined } }
type Sent = { readonly type: 'sent'; readonly data: { readonly items: readonly string[] } }
type CartEvent = Added | Sent
type Command = { readonly kind: 'add'; readonly item: string } | { readonly kind: 'send' } | { readonly kind: 'look' }

interface Cart {
  readonly items: readonly string[]
  readonly isSent: boolean
}

const cart = {
  initialState: (): Cart => ({ items: [], isSent: false }),
  evolve: (state: Cart, event: EventOf<CartEvent>): Cart =>
    event.type === 'sent' ? { ...state, isSent: true } : { ...state, items: [...state.items, event.data.item] },
}

function decide(command: Command, { items, isSent }: Cart): CartEvent | readonly CartEvent[] | undefined {
  if (isSent) throw new EventStoreError('INVALID', 'the cart is sent')
  if (command.kind === 'look') return undefined
  if (command.kind === 'add') return { type: 'added', data: { item: command.item, note: undefined } }
  if (items.length === 0) throw new RangeError('the cart is empty')
  return [{ type: 'sent', data: { items } }]
}

const spec = decider<Cart, CartEvent, Command>({ ...cart, decide })
const asked = decider<Cart, CartEvent, Command>({ ...cart, decide: async (command, state) => decide(command, state) })
const added = (item: string): Added => ({ type: 'added', data: { item } })

test('what is so passes', () => {
  spec.given().when({ kind: 'add', item: 'a' }).then(added('a'))
  spec
    .given([added('a'), added('b')])
    .when({ kind: 'send' })
    .then([{ type: 'sent', data: { items: ['a', 'b'] } }])
  spec.given(added('a')).when({ kind: 'look' }).thenNothing()
  const empty = spec.given([]).when({ kind: 'send' })
  for (const refusal of [undefined, 'empty', /empty$/, RangeError, Error, (error: Error) => error.name === 'RangeError'])
    empty.thenThrows(refusal)
  spec
    .given({ type: 'sent', data: { items: [] } })
    .when({ kind: 'look' })
    .thenThrows({ code: 'INVALID' })
})

const fails = (work: () => void): void => assert.throws(work, (error: unknown) => error instanceof AssertionError)

test('what is not so is an AssertionError', () => {
  const one = spec.given().when({ kind: 'add', item: 'a' })
  fails(() => one.then(added('b')))
  fails(() => one.then([]))
  fails(() => one.then([added('a'), added('a')]))
  fails(() => one.then({ type: 'added', data: { item: 'a' }, metadata: { by: 'me' } }))
  fails(() => one.thenNothing())
  fails(() => one.thenThrows())
  const empty = spec.given([]).when({ kind: 'send' })
  for (const refusal of ['full', /full/, TypeError, { code: 'INVALID' as const }, () => false]) fails(() => empty.thenThrows(refusal))
  assert.throws(() => empty.thenNothing(), /cart is empty/)
})

test('with an async decide it is a promise', async () => {
  await asked.given().when({ kind: 'add', item: 'a' }).then(added('a'))
  await asked.given().when({ kind: 'send' }).thenThrows(RangeError)
  for (const work of [
    asked.given().when({ kind: 'add', item: 'a' }).thenNothing(),
    asked.given().when({ kind: 'add', item: 'a' }).thenThrows(),
    asked.given().when({ kind: 'send' }).thenThrows(TypeError),
  ])
    assert.ok((await work.catch((error: unknown) => error)) instanceof AssertionError)
})

test('a specification that is awaited by mistake says so', async () => {
  const awaited = Promise.resolve(spec.given().when({ kind: 'look' }) as unknown)
  assert.match(String(await awaited.catch((error: unknown) => error)), /not awaited/)
})

const counted = projection<CartEvent, { count: number }>({
  name: 'items',
  revision: 2,
  types: ['added'],
  categories: ['cart'],
  initial: { count: 0 },
  key: ({ data, stream }) => ('item' in data && data.item === 'secret' ? undefined : [stream, 'item' in data ? data.item : '']),
  fold({ count }, { data }) {
    if ('item' in data && data.item === 'bad') throw new RangeError('bad item')
    return count === 2 ? null : { count: count + 1 }
  },
  upgrade: (state, revision) => ((state as number) < 0 ? null : { count: (state as number) * revision }),
})
const items = projectionSpec(counted)
const inCart = (item: string, stream = 'cart-1'): Added & { stream: string } => ({ ...added(item), stream })

test('a projection gives the rows that were expected, in any order', () => {
  items.given([]).then([])
  items
    .given([inCart('b'), inCart('a'), inCart('b'), inCart('a', 'cart-2'), inCart('secret'), inCart('a', 'other-1'), { ...added('a') }])
    .then([[['cart-1', 'a'], { count: 1 }], [['cart-2', 'a'], { count: 1 }], [['cart-1', 'b'], { count: 2 }]]) // prettier-ignore
  items.given([inCart('a'), inCart('a'), inCart('a')]).then([])
  items.given([inCart('bad')]).thenThrows('bad item')
  items.givenRows(1, [['a', 5], ['b', -1]]).then([['a', { count: 5 }]]) // prettier-ignore
  items.givenRows(1, [[['cart-1', 'a'], 1]]).given([inCart('a')]).then([[['cart-1', 'a'], { count: 2 }]]) // prettier-ignore
})

test('other rows are an AssertionError', () => {
  fails(() => items.given([inCart('a')]).then([]))
  fails(() => items.given([inCart('a')]).then([[['cart-1', 'a'], { count: 2 }]]))
  fails(() => items.given([]).then([['a', { count: 1 }]]))
  fails(() => items.given([inCart('a')]).thenThrows())
  assert.throws(() => items.given([inCart('bad')]).then([]), /bad item/)
  assert.throws(() => items.given([inCart('bad')]).thenThrows(/good/))
})

test.run()
