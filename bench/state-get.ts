/** Reads of a projection's rows by key: the bytes, the value decoded, and `get`, while nobody writes and while 200,000 rows a second are folded. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { systemClock } from '../event/clock.ts'
import { siblingModule } from '../event/module-url.ts'
import type { HotProjectionReader } from '../event/projections.ts'
import { HotProjection } from '../runtime/deploy/hot-memory.ts'
import { projectionReader } from '../runtime/deploy/projection-reader.ts'
import { StateSubscriptions } from '../runtime/deploy/state-subscriptions.ts'
import { makeSlab } from '../store/hot/layout.ts'
import { openRocks, type RocksOwner } from '../store/rocks.ts'
import { encodeRowKey } from '../store/row-key.ts'
import { joinBytes, projectionPrefix, type StateColumn } from '../store/state.ts'
import { eachInItsProcess } from './each-case.ts'
import { loadAverage, rssMiB } from './machine.ts'
import type { BenchOptions } from './options.ts'
import { report } from './report.ts'
import { keyOf, valueOf } from './state/rows.ts'
import type { WriterData } from './state/writer-thread.ts'
import { temporary } from './temporary.ts'

interface Case {
  readonly name: string
  readonly keys: number
  readonly perSecond: number
}

const cases: readonly Case[] = [200_000, 1_000_000].flatMap(keys =>
  [0, 200_000].map(perSecond => ({
    name: `${keys.toLocaleString('en-US')} keys, ${perSecond === 0 ? 'no writes' : `${perSecond.toLocaleString('en-US')} writes a second`}`,
    keys,
    perSecond,
  })),
)

const readsDefault = 300_000
const baselineReads = 50_000
const slabBytesAKey = 420
const projection = 'orders'

/** Keys in an order that no cache guesses. */
function someKeys(keys: number, count: number): string[] {
  let state = 12_345
  return Array.from({ length: count }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return keyOf((state >>> 0) % keys)
  })
}

interface Spread {
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

/** Nanoseconds, with those of the clock itself. */
function spread(times: Float64Array): Spread {
  times.sort()
  const at = (share: number): number => times[Math.ceil(share * times.length) - 1]!
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) }
}

function each(keys: readonly string[], read: (key: string) => void): Spread {
  for (const key of keys.slice(0, 20_000)) read(key)
  const times = new Float64Array(keys.length)
  for (const [index, key] of keys.entries()) {
    const begun = systemClock.monotonic()
    read(key)
    times[index] = (systemClock.monotonic() - begun) * 1e6
  }
  return spread(times)
}

async function eachAwaited(keys: readonly string[], read: (key: string) => Promise<unknown>): Promise<Spread> {
  const times = new Float64Array(keys.length)
  for (const [index, key] of keys.entries()) {
    const begun = systemClock.monotonic()
    await read(key)
    times[index] = (systemClock.monotonic() - begun) * 1e6
  }
  return spread(times)
}

function fill(database: RocksOwner<StateColumn>, keys: number): void {
  const batch = database.batch()
  for (let number = 0; number < keys; number++) {
    const value = Buffer.from(JSON.stringify(valueOf(number, 0)))
    batch.put('state', joinBytes(projectionPrefix(projection), encodeRowKey([keyOf(number)])), value)
    if (batch.length < 1000) continue
    database.write(batch, { sync: false })
    batch.clear()
  }
  database.write(batch, { sync: true })
}

function readerOf(store: RocksOwner<StateColumn>, slab: SharedArrayBuffer): HotProjectionReader {
  const hot = new HotProjection(slab)
  return projectionReader({
    store,
    projection,
    owner: () => ({ name: 'orders', home: '', run: undefined, hot, indexed: [] }),
    check: () => undefined,
    subscriptions: new StateSubscriptions(),
    limitKeys: 1,
    past: () => Promise.resolve({ rows: [], place: null }),
  })
}

async function run({ name, keys, perSecond }: Case, options: BenchOptions): Promise<void> {
  const place = temporary(options.directory)
  const store = await openRocks<StateColumn>(place.path, { columns: { state: 'scattered', meta: 'small' } })
  fill(store, keys)
  const asked = someKeys(keys, options.events ?? readsDefault)
  const database = each(
    asked.slice(0, baselineReads),
    key => void store.get('state', joinBytes(projectionPrefix(projection), encodeRowKey([key]))),
  )
  const slab = makeSlab(keys * slabBytesAKey)
  const stop = new SharedArrayBuffer(4)
  const worker = new Worker(siblingModule(import.meta.url, './state/writer-thread'), {
    workerData: { slab, stop, keys, perSecond } satisfies WriterData,
  })
  const [{ rows }] = (await once(worker, 'message')) as [{ rows: number }]
  const state = readerOf(store, slab)
  const into = Buffer.alloc(1024)
  let cold = 0
  const figures: readonly (readonly [string, Spread])[] = [
    ['bytes', each(asked, key => void (state.peekBytes(key, into) < 0 && cold++))],
    ['decoded', each(asked, key => void state.peek(key))],
    ['get', await eachAwaited(asked, key => state.get(key))],
  ]
  const timer = each(asked.slice(0, baselineReads), () => undefined)
  Atomics.store(new Int32Array(stop), 0, 1)
  Atomics.notify(new Int32Array(stop), 0)
  const writes = perSecond === 0 ? 0 : ((await once(worker, 'message')) as [{ perSecond: number }])[0].perSecond
  for (const [what, { p50, p99, p999 }] of figures)
    report({
      bench: 'state-get',
      case: `${what}, ${name}`,
      value: p50 / 1000,
      unit: 'µs p50',
      baseline: { name: 'RocksDB get of the same rows', value: database.p50 / 1000 },
      p99: p99 / 1000,
      p999: p999 / 1000,
      clockUs: timer.p50 / 1000,
      databaseP99: database.p99 / 1000,
      hotRows: rows,
      coldShare: cold / asked.length,
      writesPerSecond: writes,
      rssMiB: rssMiB(),
      load: loadAverage(),
    })
  await worker.terminate()
  await store.close()
  place.remove()
}

await eachInItsProcess('state-get', cases, run)
