/** A node to send many requests to: `node test/ci/http-node.ts DIRECTORY` prints its address. What is waited for comes soon or not at all. */
import { openNode } from '../../runtime/index.ts'

const directory = process.argv[2]
if (directory === undefined) throw new Error('say where the store is to lie')
// How many savepoints there are is not for a schema to say: there is room for all that are asked for.
const node = await openNode({ directory, partitions: 4, shards: 1, limits: { commitTimeoutMs: 500, savepoints: 100_000 } })
const { addresses } = await node.serve({ port: 0, limits: { waitMs: 500 } })
process.stdout.write(addresses['http'] ?? '')
process.on('SIGTERM', () => void node.close())
