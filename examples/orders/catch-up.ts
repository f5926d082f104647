/** Opens the store, as an application does that embeds it, and closes it when its topologies have taken all there is. */
import { openNode } from '../../runtime/index.ts'

const askEveryMs = 50

const node = await openNode({ directory: process.env['ALLSOURCE_DATA'] ?? 'data' })
try {
  for (;;) {
    const topologies = await node.topologies()
    const behind = topologies.filter(({ status, lagEvents }) => status === 'running' && lagEvents > 0)
    if (behind.length === 0) break
    await new Promise(resolve => setTimeout(resolve, askEveryMs))
  }
} finally {
  await node.close()
}
console.log('the topologies have taken all there is')
