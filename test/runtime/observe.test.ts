/** What a node says to those who watch it: metrics, alive, ready. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { health, metricsText, openNode, ready } from '../../runtime/index.ts'

test('an open node is alive and ready, a closed one is not ready', async () => {
  const node = await openNode({ memory: true, shards: 2 })
  assert.equal(health(node), {
    alive: true,
    shards: [
      { shard: 0, condition: 'writable' },
      { shard: 1, condition: 'writable' },
    ],
    reasons: [],
  })
  assert.equal(ready(node), { ready: true, reasons: [] })
  assert.match(await metricsText(node), 'allsource_events 0')
  await node.close()
  assert.is(ready(node).ready, false)
})

test.run()
