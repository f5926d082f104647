/** A process that opens a store, does what its arguments say (`deploy FILE`, `pause NAME`, `resume NAME`, `drain NAME`), and waits to be killed. */
import { openNode } from '../../runtime/index.ts'

const [directory, ...words] = process.argv.slice(2)
const node = await openNode({ directory: directory!, epochMs: 20, workers: 1 })
while (words.length > 0) {
  const [action, subject] = words.splice(0, 2) as ['deploy' | 'pause' | 'resume' | 'drain', string]
  await node[action](subject)
}
console.log('done')
setInterval(() => undefined, 1000)
