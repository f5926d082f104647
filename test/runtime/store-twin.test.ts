/** Random commands on nodes in memory and on their dumb twin give the same answers. */
import fc from 'fast-check'
import { test } from 'uvu'
import { openNode } from '../../runtime/index.ts'
import { commands, compare } from './store-commands.ts'

const shapes = fc.constantFrom({ partitions: 1, shards: 1 }, { partitions: 3, shards: 2 }, { partitions: 32, shards: 1 })
const seed = Number(process.env['SEED'] ?? 20_200_101)

test(`memory: random commands give what the twin gives (SEED=${seed})`, async () => {
  const run = async (shape: { partitions: number; shards: number }, list: Parameters<typeof compare>[0]): Promise<void> => {
    const store = await openNode({ memory: true, ...shape, limits: { segmentEntries: 16, pageRows: 7 } })
    try {
      await compare(list, store, shape.partitions, open => Promise.resolve(open))
    } finally {
      await store.close()
    }
  }
  await fc.assert(fc.asyncProperty(shapes, commands(false), run), { numRuns: Number(process.env['RUNS'] ?? 50), seed })
})

test.run()
