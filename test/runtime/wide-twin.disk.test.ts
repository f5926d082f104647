/** Random appends to several streams, with conditions and keys, give on nodes on disk, opened again now and then, what their dumb twin gives. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import { openNode } from '../../runtime/index.ts'
import type { OpenStore } from '../contract/event-store/scene.ts'
import { compareWide, type WideCommand, wideCommands } from './wide-commands.ts'

const shapes = fc.constantFrom({ partitions: 1, shards: 1 }, { partitions: 3, shards: 2 }, { partitions: 32, shards: 2 })
const seed = Number(process.env['SEED'] ?? 20_200_101)

test(`disk: random appends to several streams and restarts give what the twin gives (SEED=${seed})`, async () => {
  const run = async (shape: { partitions: number; shards: number }, list: readonly WideCommand[]): Promise<void> => {
    const directory = mkdtempSync(join(tmpdir(), 'allsource-wide-'))
    const open = (): Promise<OpenStore> => openNode({ directory, ...shape, limits: { segmentEntries: 16, pageRows: 7 } })
    let store = await open()
    try {
      await compareWide(list, store, shape.partitions, async before => {
        await before.close()
        return (store = await open())
      })
    } finally {
      await store.close()
      rmSync(directory, { recursive: true, force: true })
    }
  }
  await fc.assert(fc.asyncProperty(shapes, wideCommands(true), run), {
    numRuns: Number(process.env['RUNS'] ?? 8),
    seed,
    endOnFailure: true,
  })
})

test.run()
