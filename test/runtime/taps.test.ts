/** A topology with two sources over one log: each has its rows, a step of both has them in order, and what died comes back to where it died. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'
import { dataOf, topologyModule, until } from './deployed-node.ts'

interface Seen {
  readonly stream: string
  readonly type: string
  readonly n: number
}

for (const pageRows of [1, 64, 4096])
  test(`with pages of ${pageRows}`, async () => {
    const node = await openNode({ memory: true, epochMs: 10, partitions: 5, limits: { pageRows } })
    const streams = ['order-1', 'payment-1', 'both-2', 'other-1']
    const events = Array.from({ length: 300 }, (_, i): Seen => ({
      stream: streams[(i * i + i) % 4]!,
      type: i % 3 === 0 ? 'ordered' : 'done',
      n: i % 50 === 49 ? -i : i,
    }))
    await node.appendInOrder(events.map(({ stream, type, n }) => ({ stream, event: { type, data: { n } } })))
    await node.deploy(topologyModule('taps'), { export: 'taps' })
    const isOrder = ({ type }: Seen): boolean => type === 'ordered'
    const isPayment = ({ stream }: Seen): boolean => stream === 'payment-1' || stream === 'both-2'
    const wanted = events.filter(event => isOrder(event) || isPayment(event))
    const dead = events.filter(event => isPayment(event) && event.n < 0)
    assert.ok(dead.length > 0)
    await until(async () => (await node.streamVersion('$dead-letter-taps')) === dead.length)
    await node.deadLetters('taps').replay('all', { set: { n: 1000 } })
    const paid = events.filter(event => isPayment(event) && event.n >= 0).map(({ n }) => ({ n }))
    await until(async () => (await dataOf(node, 'paid')).length === paid.length + dead.length)
    assert.equal(await dataOf(node, 'paid'), [...paid, ...dead.map(() => ({ n: 1000 }))])
    const both = wanted.flatMap(event => [isOrder(event), isPayment(event)].filter(Boolean).map(() => ({ n: event.n })))
    assert.equal(await dataOf(node, 'all'), both)
    assert.is((await node.topologies())[0]!.rowsIn, wanted.length)
    await node.close()
  })

test.run()
