/** Random appends to several streams, with conditions and keys, give on nodes in memory what their dumb twin gives. */
import fc from 'fast-check'
import { test } from 'uvu'
import { openNode } from '../../runtime/index.ts'
import { compareWide, type WideCommand, wideCommands } from './wide-commands.ts'

const shapes = fc.constantFrom({ partitions: 1, shards: 1 }, { partitions: 3, shards: 2 }, { partitions: 32, shards: 3 })
const seed = Number(process.env['SEED'] ?? 20_200_101)

test(`memory: random appends to several streams give what the twin gives (SEED=${seed})`, async () => {
  const run = async (shape: { partitions: number; shards: number }, list: readonly WideCommand[]): Promise<void> => {
    const store = await openNode({ memory: true, ...shape, limits: { segmentEntries: 16, pageRows: 7 } })
    try {
      await compareWide(list, store, shape.partitions, open => Promise.resolve(open))
    } finally {
      await store.close()
    }
  }
  await fc.assert(fc.asyncProperty(shapes, wideCommands(false), run), { numRuns: Number(process.env['RUNS'] ?? 60), seed })
})

test.run()
