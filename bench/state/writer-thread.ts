/** Writes rows into a hot slab at a steady pace, as a pipeline does when it shows a page; answers how many a second when it is told to stop. */
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../event/clock.ts'
import { SlabWriter } from '../../store/hot/slab-writer.ts'
import { encodeRowKey } from '../../store/row-key.ts'
import { keyOf, valueOf } from './rows.ts'

export interface WriterData {
  readonly slab: SharedArrayBuffer
  /** One word: anything but 0 ends it. */
  readonly stop: SharedArrayBuffer
  readonly keys: number
  /** 0: only every key once, at first. */
  readonly perSecond: number
}

/** Rows between two looks at the clock, and those of an epoch. */
const BURST = 200
const EPOCH_ROWS = 20_000

const { slab, stop, keys, perSecond } = workerData as WriterData
const stopped = new Int32Array(stop)
const writer = new SlabWriter(slab)
let epoch = 1
let written = 0

function put(version: number): void {
  const number = (written * 7919) % keys
  writer.put(encodeRowKey([keyOf(number)]), Buffer.from(JSON.stringify(valueOf(number, version))), epoch)
  if (++written % EPOCH_ROWS === 0) writer.written(epoch++ - 1)
}

while (written < keys) put(0)
writer.written(epoch++)
parentPort!.postMessage({ rows: writer.rows })
const begun = systemClock.monotonic()
written = 0
while (perSecond > 0 && Atomics.load(stopped, 0) === 0) {
  for (let i = 0; i < BURST; i++) put(written % 100)
  const aheadMs = (written / perSecond) * 1000 - (systemClock.monotonic() - begun)
  if (aheadMs > 0) Atomics.wait(stopped, 0, 0, aheadMs)
}
parentPort!.postMessage({ perSecond: (written * 1000) / (systemClock.monotonic() - begun) })
