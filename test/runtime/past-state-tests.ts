/** What a projection was: each test runs on a node in memory and on one with workers. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { type Limits, type Node, type StateListOptions, type StateRow } from '../../runtime/index.ts'
import { HookServer } from '../actors/hook-server.ts'
import { topologyModule, until } from './deployed-node.ts'

type Row = { readonly key: readonly unknown[]; readonly value: unknown }

const module = topologyModule('past')

/** `count` payments a minute apart; one of seven customers owes at times. */
async function pay(node: Node, to: string, count: number, first: number): Promise<void> {
  await node.appendInOrder(
    Array.from({ length: count }, (_, i) => {
      const n = first + i
      const cents = n % 17 === 11 ? -1 : (n * 37) % 300
      return {
        stream: `customer-${n % 5}`,
        event: { type: n % 6 === 5 ? 'other' : 'paid', data: { to, customer: `c${n % 7}`, cents, at: (n - (n % 3) * 2) * 60_000 } },
      }
    }),
  )
}

const rowsOf = async (node: Node, projection: string, options: StateListOptions = {}): Promise<Row[]> =>
  Array.fromAsync(node.state(projection).list(options))

async function lastOf(node: Node): Promise<{ position: string; recorded: number }> {
  for await (const event of node.readAll({ direction: 'backwards', limit: 1, system: true })) return event
  throw new Error('there is no event')
}

async function refusal(work: () => Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work()
  } catch (error) {
    if (isEventStoreError(error)) return error
    throw error
  }
  return { code: 'none', message: '' }
}

interface Moment {
  readonly asOf: string
  readonly recorded: number
  readonly hours: readonly Row[]
  readonly last: readonly Row[]
}

async function momentOf(node: Node): Promise<Moment> {
  await node.caughtUp()
  // What the topology appends itself changes nothing of what it folds.
  const { position: asOf, recorded } = await lastOf(node)
  await new Promise(resolve => setTimeout(resolve, 3))
  return { asOf, recorded, hours: await rowsOf(node, 'past-hours'), last: await rowsOf(node, 'last-paid') }
}

export function pastStateTests(name: string, open: (limits: Partial<Limits>) => Promise<Node>): void {
  let hooks: HookServer
  test.before(async () => {
    hooks = await HookServer.open()
  })
  test.after(() => hooks.down())

  for (const pageRows of [1, 7, 4096]) {
    test(`${name}: is what it was at each moment, with pages of ${pageRows}, and nothing is written or sent again`, async () => {
      const node = await open({ pageRows })
      await node.deploy(module)
      const moments: Moment[] = []
      for (let first = 0; first < 240; first += 40) {
        await pay(node, hooks.url, 40, first)
        if (first === 120) {
          await node.caughtUp()
          await node.deadLetters('past').replay('all', { set: { cents: 7 } })
        }
        moments.push(await momentOf(node))
      }
      const [sent, { events }] = [hooks.received.length, await node.stats()]
      assert.ok(moments.at(-1)!.hours.length > 40 && moments.at(-1)!.last.length === 7)
      for (const { asOf, recorded, hours, last } of moments) {
        for (const moment of [asOf, recorded, new Date(recorded)]) {
          assert.equal(await rowsOf(node, 'past-hours', { asOf: moment }), hours)
          assert.equal(await rowsOf(node, 'last-paid', { asOf: moment }), last)
        }
        const { key, value } = last[2]!
        const row = (await node.state('last-paid').get(key, { asOf })) as StateRow
        assert.equal([row.key, row.value, row.durable], [key, value, true])
        assert.ok(row.position !== null)
        assert.is(await node.state('last-paid').get('nobody', { asOf }), undefined)
        assert.equal(
          await rowsOf(node, 'past-hours', { asOf, prefix: ['c3'], limit: 2 }),
          hours.filter(one => one.key[0] === 'c3').slice(0, 2),
        )
        assert.equal(await rowsOf(node, 'past-hours', { asOf, after: hours[0]!.key }), hours.slice(1))
      }
      assert.equal([hooks.received.length, (await node.stats()).events], [sent, events])
      await node.close()
    })
  }

  test(`${name}: before the first event there is nothing, in the future all there is, and between two events what the first left`, async () => {
    const node = await open({ pageRows: 5 })
    await pay(node, hooks.url, 30, 0)
    await node.deploy(module)
    await node.caughtUp()
    const now = await rowsOf(node, 'last-paid')
    assert.equal(await rowsOf(node, 'last-paid', { asOf: 0 }), [])
    assert.is(await node.state('last-paid').get('c1', { asOf: new Date('2020-01-01') }), undefined)
    assert.equal(await rowsOf(node, 'last-paid', { asOf: new Date('2200-01-01') }), now)
    const seen = new Map<string, unknown>()
    for await (const event of node.readAll({ types: ['paid'] })) {
      const { customer, cents, at } = event.data as { customer: string; cents: number; at: number }
      // Behind a dead letter its customer's rows wait.
      if (cents < 0) break
      seen.set(customer, { cents, at })
      const rows = await rowsOf(node, 'last-paid', { asOf: event.position })
      assert.equal(
        rows,
        [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key: [key], value })),
      )
      assert.is((await node.state('last-paid').get(customer, { asOf: event.position }))!.position, event.position)
    }
    assert.ok(seen.size > 3)
    await node.close()
  })

  test(`${name}: a topology that ended at a head had not ended before it`, async () => {
    const node = await open({ pageRows: 64 })
    await pay(node, hooks.url, 50, 0)
    const { position: asOf } = await lastOf(node)
    await node.deploy(module, { until: 'head' })
    await node.topologyEnded('past')
    const ended = await rowsOf(node, 'past-hours')
    await pay(node, hooks.url, 50, 50)
    assert.equal(await rowsOf(node, 'past-hours', { asOf: new Date('2200-01-01') }), ended)
    const earlier = node.readAll({ types: ['paid'], limit: 20 })
    let half = ''
    for await (const { position } of earlier) half = position
    assert.ok((await rowsOf(node, 'past-hours', { asOf: half })).length < ended.length)
    assert.equal(await rowsOf(node, 'past-hours', { asOf }), ended, 'at its head it has ended')
    await node.close()
  })

  test(`${name}: what can not be told is refused, with the reason`, async () => {
    const node = await open({ asOfEvents: 25, pageRows: 10 })
    await node.deploy(module)
    await node.deploy(topologyModule('generated'))
    await node.deploy(topologyModule('tiers'))
    await node.deploy(topologyModule('tiers'), { export: 'orders' })
    await pay(node, hooks.url, 60, 0)
    await node.caughtUp()
    const asOf = new Date('2200-01-01')
    const state = (projection: string) => () => node.state(projection).get('c1', { asOf })
    const tooFar = await refusal(state('last-paid'))
    assert.is(tooFar.code, 'INVALID')
    assert.match(tooFar.message, 'asOfEvents')
    assert.match((await refusal(() => rowsOf(node, 'last-paid', { asOf }))).message, 'more than 25 events')
    const first25: string[] = []
    for await (const { position } of node.readAll({ types: ['paid'], limit: 26 })) first25.push(position)
    assert.ok(await node.state('last-paid').get('c1', { asOf: first25[24]! }), 'as many as the limit are folded')
    assert.is((await refusal(() => node.state('last-paid').get('c1', { asOf: first25[25]! }))).code, 'INVALID')
    assert.match((await refusal(state('squares'))).message, 'makes its own rows')
    assert.match((await refusal(state('orders'))).message, 'projection customers')
    assert.is((await refusal(state('nothing'))).code, 'NOT_FOUND')
    for (const bad of ['yesterday', Number.NaN, {}, null] as unknown as Date[])
      assert.is((await refusal(() => node.state('last-paid').get('c1', { asOf: bad }))).code, 'INVALID', String(bad))
    await node.close()
    assert.is((await refusal(() => node.readEvent('x'))).code, 'CLOSED')
  })

  test(`${name}: a projection as code, a tenant's and one found by an index are what they were`, async () => {
    const node = await open({ pageRows: 3 })
    const tenant = node.tenant('acme')
    for (const who of [node, tenant]) {
      await who.deploy(topologyModule('spent'))
      await who.deploy(topologyModule('past'))
    }
    const moments: { asOf: string; spent: Row[]; rows: Row[] }[] = []
    for (let first = 0; first < 90; first += 30) {
      await pay(node, hooks.url, 30, first)
      await tenant.appendToStream('customer-1', { type: 'paid', data: { customer: 'theirs', cents: first, to: '', at: 0 } })
      await node.caughtUp()
      await tenant.caughtUp()
      const { position: asOf } = await lastOf(node)
      moments.push({ asOf, spent: await rowsOf(node, 'spent'), rows: await Array.fromAsync(tenant.state('spent').list()) })
    }
    for (const { asOf, spent, rows } of moments) {
      assert.equal(await rowsOf(node, 'spent', { asOf }), spent)
      assert.equal(await Array.fromAsync(tenant.state('spent').list({ asOf })), rows)
      assert.is(rows.length, 1)
      const where = await refusal(() => rowsOf(node, 'spent', { asOf, where: { cents: 1 } }))
      assert.match(where.message, 'no index')
    }
    await node.close()
  })

  test(`${name}: many may ask at once while the topology goes on`, async () => {
    const node = await open({ pageRows: 16 })
    await node.deploy(module)
    await pay(node, hooks.url, 80, 0)
    const { asOf, hours } = await momentOf(node)
    const paying = (async () => {
      for (let first = 80; first < 400; first += 20) await pay(node, hooks.url, 20, first)
    })()
    const answers = await Promise.all(Array.from({ length: 8 }, () => rowsOf(node, 'past-hours', { asOf })))
    for (const rows of answers) assert.equal(rows, hours)
    await paying
    await node.caughtUp()
    await until(async () => (await node.topologies())[0]!.lagEvents === 0)
    await node.close()
  })
}
