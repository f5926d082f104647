/** Rows found by the values of their fields: the same tests for a node in memory and one on disk, against a list that is filtered by hand. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError, type Node } from '../../runtime/index.ts'
import { topologyModule, until } from './deployed-node.ts'
import { codeOf, type OpenNode } from './hot-rows-tests.ts'

const statuses = ['open', 'paid', 'sent', '']
const regions = ['north', 'south']

async function order(node: Node, count: number, first = 0): Promise<void> {
  const items = Array.from({ length: count }, (_, i) => {
    const number = first + i
    const data = { id: `o${(number * 7) % 40}`, status: statuses[(number * 13) % 4], region: regions[number % 2] }
    return { stream: `order-${number % 5}`, event: { type: 'ordered', data } }
  })
  await node.appendInOrder(items)
}

type Value = { readonly status: string; readonly region: string; readonly note: unknown }
type Listed = { readonly key: readonly unknown[]; readonly value: unknown }

async function all(rows: AsyncIterable<Listed>): Promise<Listed[]> {
  const found: Listed[] = []
  for await (const row of rows) found.push(row)
  return found
}

async function agree(node: Node): Promise<void> {
  const state = node.state('orders')
  const rows = await all(state.list())
  const valueOf = (row: Listed): Value => row.value as Value
  for (const status of [...statuses, 'none'])
    assert.equal(
      await all(state.list({ where: { status } })),
      rows.filter(row => valueOf(row).status === status),
    )
  for (const region of regions) {
    const both = rows.filter(row => valueOf(row).status === 'paid' && valueOf(row).region === region)
    assert.equal(await all(state.list({ where: { region, status: 'paid' } })), both)
    assert.equal(await all(state.list({ where: { region, status: 'paid' }, limit: 2 })), both.slice(0, 2))
    assert.equal(await all(state.list({ where: { region, status: 'paid' }, after: both[0]?.key ?? ['o'] })), both.slice(1))
    assert.equal(await all(state.list({ where: { region, status: 'paid' }, prefix: both.at(-1)?.key ?? ['o'] })), both.slice(-1))
  }
}

export function whereTests(open: OpenNode): void {
  for (const epochMs of [1, 1_000_000])
    test(`finds what a filter by hand finds, with epochs of ${epochMs} ms`, async () => {
      const node = await open({ epochMs })
      await node.deploy(topologyModule('indexed'))
      for (let round = 0; round < 4; round++) {
        await order(node, 60, round * 60)
        await until(async () => (await node.topologies())[0]!.rowsIn === (round + 1) * 60)
        await agree(node)
      }
      // All of it written, and then some changed again.
      await node.pause('orders')
      await agree(node)
      await node.resume('orders')
      await order(node, 7, 1000)
      await until(async () => (await node.topologies())[0]!.rowsIn === 247)
      await agree(node)
      await node.undeploy('orders')
      await node.close()
    })

  test('values of every kind: null and what is not there, numbers, objects, texts longer than an index keeps', async () => {
    const node = await open({ epochMs: 5 })
    await node.deploy(topologyModule('indexed'), { export: 'byNote' })
    const long = 'x'.repeat(1000)
    const notes = [null, undefined, 1, 1.5, 'a', 'a\0', { b: 1, a: [2] }, [], true, false, long, `${long}y`, `${long}z`]
    for (const [index, note] of notes.entries())
      await node.appendToStream('order-1', {
        type: 'ordered',
        data: { id: `n${String(index).padStart(2, '0')}`, status: 'open', region: 'north', ...(note !== undefined && { note }) },
      })
    await node.caughtUp()
    const idsOf = async (note: unknown): Promise<unknown[]> =>
      (await all(node.state('orders').list({ where: { note } }))).map(({ key }) => key[0])
    assert.equal(await idsOf(null), ['n00', 'n01'])
    for (const [index, note] of notes.entries())
      if (note !== null && note !== undefined) assert.equal(await idsOf(note), [`n${String(index).padStart(2, '0')}`])
    assert.equal(await idsOf({ a: [2], b: 1 }), ['n06'])
    assert.equal(await idsOf('b'), [])
    // One of two long ones changes: the other, whose row begins with the same bytes, is still found.
    await node.appendToStream('order-1', { type: 'ordered', data: { id: 'n11', status: 'open', region: 'north', note: long } })
    await node.caughtUp()
    assert.equal([await idsOf(long), await idsOf(`${long}y`), await idsOf(`${long}z`)], [['n10', 'n11'], [], ['n12']])
    await node.close()
  })

  test('refuses what is not indexed, naming what is', async () => {
    const node = await open()
    await node.deploy(topologyModule('indexed'))
    const state = node.state('orders')
    const refusal = async (where: unknown): Promise<unknown> => {
      try {
        await all(state.list({ where: where as never }))
        return 'none'
      } catch (error) {
        return isEventStoreError(error, 'INVALID') ? error.details : error
      }
    }
    const details = { field: 'where', indexed: ['region', 'status'] }
    for (const where of [{ note: 1 }, { status: 'open', id: 'o1' }, {}, [], null, 'status', { status: 1n }, { status: undefined }])
      assert.equal(await refusal(where), details)
    await node.undeploy('orders')
    assert.is(await codeOf(() => node.deploy(topologyModule('indexed'), { export: 'misspelt' })), 'INVALID')
    await node.deploy(topologyModule('indexed'), { export: 'plain' })
    assert.equal(await refusal({ status: 'open' }), { field: 'where', indexed: [] })
    await node.close()
  })

  test('what another deployment has indexed is gone with it', async () => {
    const node = await open({ epochMs: 5 })
    await node.deploy(topologyModule('indexed'))
    await order(node, 40)
    await node.caughtUp()
    await node.undeploy('orders')
    await node.deploy(topologyModule('indexed'), { until: 'head' })
    await node.topologyEnded('orders')
    await agree(node)
    await node.close()
  })
}
