/** Random commands on nodes on disk, closed and opened again now and then, and on their dumb twin give the same answers. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import { openNode } from '../../runtime/index.ts'
import type { OpenStore } from '../contract/event-store/scene.ts'
import { commands, compare } from './store-commands.ts'

const shapes = fc.constantFrom({ partitions: 1, shards: 1 }, { partitions: 3, shards: 2 }, { partitions: 32, shards: 2 })
const seed = Number(process.env['SEED'] ?? 20_200_101)

test(`disk: random commands and restarts give what the twin gives (SEED=${seed})`, async () => {
  const run = async (shape: { partitions: number; shards: number }, list: Parameters<typeof compare>[0]): Promise<void> => {
    const directory = mkdtempSync(join(tmpdir(), 'allsource-twin-'))
    const open = (): Promise<OpenStore> => openNode({ directory, ...shape, limits: { segmentEntries: 16, pageRows: 7 } })
    let store = await open()
    try {
      await compare(list, store, shape.partitions, async before => {
        await before.close()
        return (store = await open())
      })
    } finally {
      await store.close()
      rmSync(directory, { recursive: true, force: true })
    }
  }
  await fc.assert(fc.asyncProperty(shapes, commands(true), run), { numRuns: Number(process.env['RUNS'] ?? 10), seed, endOnFailure: true })
})

test.run()
