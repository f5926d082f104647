/** What a topology appends to streams for which partition keys were claimed goes where they lie; the rest goes on beside it, in its order. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'

const copying = `
topology: copying
version: 1
sources:
  sales: { follow: { categories: [sale] } }
sinks:
  copies: { from: sales, append: { stream: 'copy-{to}', type: copied, data: [n] } }
`

test('streams of claimed keys, and of none', async () => {
  const node = await openNode({ memory: true, partitions: 2 })
  const keyed = ['copy-a', 'copy-b', 'copy-c'] as const
  for (const stream of keyed) await node.appendToStream(stream, { type: 'begun', data: {} }, { partitionKey: 'one-place' })
  const targets = ['a', 'd', 'b', 'e', 'f', 'c', 'g', 'a', 'd']
  const sales = Array.from({ length: 90 }, (_, n) => ({ type: 'sold', data: { n, to: targets[n % targets.length] } }))
  await node.appendToStream('sale-1', sales)
  await node.deployText(copying, { until: 'head' })
  assert.is((await node.topologyEnded('copying')).status, 'ended')
  const partitions = new Set<number>()
  for (const to of new Set(targets)) {
    const copied: unknown[] = []
    for await (const event of node.readStream(`copy-${to}`)) {
      if (event.type === 'copied') copied.push((event.data as { n: number }).n)
      if (keyed.some(stream => stream === event.stream)) partitions.add(event.partition)
    }
    assert.equal(copied, sales.filter(({ data }) => data.to === to).map(({ data }) => data.n), to) // prettier-ignore
  }
  assert.is(partitions.size, 1)
  await node.close()
})

test.run()
