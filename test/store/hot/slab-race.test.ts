/** One writer and several readers in threads of their own: no value is torn, none is another key's, none is older than one seen before. */
// Deadline: 300 s: four threads on a machine that may have fewer cores.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeSlab } from '../../../store/hot/layout.ts'
import type { RaceData, ReaderReport } from './racing-thread.ts'

const READERS = 3

async function threadOf<Answer>(data: RaceData): Promise<Answer> {
  const worker = new Worker(new URL('./racing-thread.ts', import.meta.url), { workerData: data })
  const [answer] = (await Promise.race([
    once(worker, 'message'),
    once(worker, 'exit').then(() => Promise.reject(new Error('the thread is gone'))),
  ])) as [Answer]
  return answer
}

async function race(slabBytes: number, keys: number, puts: number): Promise<void> {
  const slabs = Array.from({ length: 4 }, () => makeSlab(slabBytes))
  const data = { slabs, keys, puts }
  const [reports] = await Promise.all([
    Promise.all(
      Array.from({ length: READERS }, (_, index) => threadOf<ReaderReport>({ ...data, role: 'reader', seed: 7919 * (index + 1) })),
    ),
    threadOf({ ...data, role: 'writer', seed: 12_345 }),
  ])
  for (const { wrong, looks } of reports) {
    assert.equal(wrong, [])
    assert.is(looks['closed'], slabs.length)
  }
  const found = reports.reduce((sum, { looks }) => sum + (looks['found'] ?? 0), 0)
  const durable = reports.reduce((sum, report) => sum + report.durable, 0)
  assert.ok(found > 1000 && durable > 0, `found ${found}, of which ${durable} durable: there was no race`)
}

test('evictions, keys that come back, rows that change their size', () => race(1024 * 1024, 8000, 60_000))

test('a table that grows all the time', () => race(32 * 1024 * 1024, 60_000, 60_000))

test.run()
