/**
 * One life of a random topology on a node: `streams-child.ts DIRECTORY SEED WORKERS`. The first imports the log and is not killed; each later one deploys
 * what is not deployed, spreads it over so many workers, and waits until it has ended. Prints the results; a life that is cut short prints none.
 */
import { openNode } from '../../runtime/index.ts'
import { randomCase } from '../topology/random-cases.ts'
import { partitions } from '../topology/random-logs.ts'
import { givenEvents, seen } from '../topology/random-nodes.ts'

const [directory, seedText, workersText] = process.argv.slice(2)
const [seed, workers] = [Number(seedText), Number(workersText)]
const one = randomCase(seed, { forNode: true })
const node = await openNode({ directory: directory!, partitions, workers: 2, epochMs: 5, limits: { pageRows: 1 + (seed % 20) } })
if (workers === 0) await node.appendInOrder(givenEvents(one))
else {
  const [known] = await node.topologies()
  if (known === undefined) {
    const module = new URL(`../topology/random-module.ts?seed=${seed}`, import.meta.url)
    await node.deploy(module, { export: 'made', until: 'head', workers })
  } else if (known.status !== 'ended') await node.rescale(one.topology.name, workers).catch(ignoreEnded)
  const { status, steps, rowsIn, error } = await node.topologyEnded(one.topology.name)
  const results = {
    ...(await seen(node, one.topology)),
    status: [status, String(rowsIn)],
    counters: steps.map(step => JSON.stringify({ ...step, busyMs: undefined })),
  }
  console.log(JSON.stringify({ results, error: error?.message }))
}
await node.close()

/** It may end before its turn comes. */
async function ignoreEnded(error: unknown): Promise<void> {
  const [status] = await node.topologies()
  if (status?.status !== 'ended') throw error
}
