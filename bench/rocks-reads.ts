/** The baseline of stream reads: RocksDB alone, a key an event, 50 keys of one stream by getMany, by one scan, and one key by get. */
import { systemClock } from '../event/clock.ts'
import { openRocks } from '../store/rocks.ts'
import { dropPageCache } from './disk-use.ts'
import { orderBytes, seeded } from './payload.ts'
import { percentiles, type Percentiles } from './report.ts'

export interface RocksReads {
  readonly get: Percentiles
  readonly many: Percentiles
  readonly scan: Percentiles
  /** getMany with the page cache dropped; the same as `many` where that is not allowed. */
  readonly cold: Percentiles
}

export interface RocksReadsOptions {
  readonly groups: number
  readonly rows: number
  readonly seconds: number
}

const open = (directory: string) => openRocks(directory, { columns: { rows: 'scattered' } })
type Database = Awaited<ReturnType<typeof open>>

const coldReads = 150

function keyOf(group: number, row: number): Uint8Array {
  const key = new Uint8Array(8)
  const view = new DataView(key.buffer)
  view.setUint32(0, group)
  view.setUint32(4, row)
  return key
}

/** Row after row of all groups, as events arrive. */
function write(database: Database, { groups, rows }: RocksReadsOptions): void {
  const events = orderBytes(1000)
  const batch = database.batch()
  for (let row = 0; row < rows; row++) {
    for (let group = 0; group < groups; group++) {
      batch.put('rows', keyOf(group, row), (events[(row + group) % events.length] as { data: Uint8Array }).data)
      if (batch.length < 1000) continue
      database.write(batch, { sync: false })
      batch.clear()
    }
  }
  database.write(batch, { sync: true })
}

/** Microseconds of many calls. */
function times(seconds: number, readsMax: number, read: () => number): Percentiles {
  const taken: number[] = []
  const end = systemClock.monotonic() + seconds * 1000
  while (taken.length < readsMax) {
    const begun = systemClock.monotonic()
    if (begun >= end) break
    if (read() === 0) throw new Error('a read found nothing')
    taken.push((systemClock.monotonic() - begun) * 1000)
  }
  return percentiles(taken)
}

/** Writes the rows, then reads random groups for some seconds each way. */
export async function rocksReads(directory: string, options: RocksReadsOptions): Promise<RocksReads> {
  const random = seeded(5)
  const any = (): number => Math.floor(random() * options.groups)
  const keys = (group: number): Uint8Array[] => Array.from({ length: options.rows }, (_, row) => keyOf(group, row))
  const many = (database: Database) => (): number => database.getMany('rows', keys(any())).filter(value => value !== undefined).length
  let database = await open(directory)
  write(database, options)
  await database.close()
  database = await open(directory)
  const seconds = options.seconds / 4
  const warm = {
    many: times(seconds, Number.POSITIVE_INFINITY, many(database)),
    get: times(seconds, Number.POSITIVE_INFINITY, () => database.get('rows', keyOf(any(), 0))?.length ?? 0),
    scan: times(seconds, Number.POSITIVE_INFINITY, () => {
      const group = any()
      return database.scan('rows', { gte: keyOf(group, 0), lt: keyOf(group + 1, 0) }).values.length
    }),
  }
  await database.close()
  if (!dropPageCache()) return { ...warm, cold: warm.many }
  database = await open(directory)
  const cold = times(options.seconds, coldReads, many(database))
  await database.close()
  return { ...warm, cold }
}
