/** A process that opens a store, deploys a projection that is watched, and appends and saves its module until it is killed. */
import { renameSync, writeFileSync } from 'node:fs'
import { openNode } from '../../runtime/index.ts'
import { pay } from './deployed-node.ts'
import { counted } from './projection-folder.ts'

const [directory, module, first] = process.argv.slice(2) as [string, string, string]
const node = await openNode({ directory, partitions: 4, shards: 1, workers: 1, epochMs: 10 })
await node.deploy(module, { watch: true })
for (let paid = Number(first); ; paid += 10) {
  await pay(node, 10, paid)
  console.log(paid + 10)
  if (paid % 50 === 0) {
    // As editors do: a kill in the middle must not leave half a module.
    writeFileSync(`${module}~`, counted({ step: `1 + 0 * ${paid}` }))
    renameSync(`${module}~`, module)
  }
}
