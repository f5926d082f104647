/** Opens the databases of a store: refuses what is damaged, or, when its loss is accepted, keeps it aside and saves what is whole. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemClock } from '../event/clock.ts'
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import type { LogDamage } from '../store/damage/accepted-losses.ts'
import { type LostStretch, quarantineFolder, type Salvage, salvageWriteAhead, unfinishedSalvages } from '../store/damage/salvage.ts'
import { checkWriteAhead, type WriteAheadReport } from '../store/damage/write-ahead.ts'
import { columnOfId } from '../store/damage/write-batch.ts'
import { syncPath } from '../store/files.ts'
import { kinds, type ShardColumn } from '../store/index/keys.ts'
import { lastLogBlock, lastSegment } from '../store/index/segment.ts'
import type { Bytes, KeyValue } from '../store/key-value.ts'
import { syncAll } from '../store/log/sync.ts'
import { openRocks, type RocksOwner } from '../store/rocks.ts'
import type { StateColumn } from '../store/state.ts'
import { shardName, stateDirectory } from './store-directory.ts'

export interface Opening {
  readonly directory: string
  /** The store is being made: what is missing was never there. */
  readonly isNew: boolean
  readonly acceptLoss: boolean
}

const stateColumns = { state: 'scattered', meta: 'small' } as const
const shardColumns = { log: 'rising', index: 'scattered', meta: 'small' } as const

/** No key of an index begins with this byte. */
const BEHIND_ALL = Uint8Array.of(255)

/** What was lost while opening, by database, for the file beside what was kept aside. */
export class LossReport {
  readonly #directory: string
  readonly #folders = new Map<string, string>()
  readonly #stretches = new Map<string, LostStretch[]>()
  /** The state database was kept aside as a whole. */
  readonly state: LogDamage[] = []

  constructor(directory: string) {
    this.#directory = directory
  }

  salvaged(database: string, folder: string, stretches: readonly LostStretch[]): void {
    this.#folders.set(database, folder)
    this.#stretches.set(database, [...(this.#stretches.get(database) ?? []), ...stretches])
  }

  /** Writes `lost.json` into the quarantine of a database that lost something. */
  write(database: string, lost: readonly LogDamage[]): void {
    const stretches = this.#stretches.get(database) ?? []
    if (lost.length === 0 && stretches.length === 0) return
    const folder = this.#folders.get(database) ?? quarantineFolder(this.#directory, database, systemClock)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'lost.json'), `${JSON.stringify({ lost, stretches }, null, 2)}\n`)
    for (const path of [join(folder, 'lost.json'), folder, dirname(folder)]) syncPath(path)
  }
}

/** The state database is folded from the log: if it is damaged and that is accepted, it is kept aside and folded anew. */
export async function openState({ directory, isNew, acceptLoss }: Opening, losses: LossReport): Promise<RocksOwner<StateColumn>> {
  const path = stateDirectory(directory)
  try {
    refuseDamaged(path, checkOf(path))
    return await openRocks<StateColumn>(path, { columns: stateColumns, create: isNew })
  } catch (error) {
    if (isEventStoreError(error, 'LOCKED')) throw error
    await refuseLocked(path)
    if (!acceptLoss || !isEventStoreError(error, 'DAMAGED')) throw error
    losses.state.push({ shard: -1, block: -1, reason: `state was kept aside and is folded from the log again: ${error.message}` })
    keepAside(directory, path)
    return openRocks<StateColumn>(path, { columns: stateColumns })
  }
}

/** The caller holds the lock of the state database, and with it the directory. */
export async function openShardDatabase(
  opening: Opening & { readonly ranks: number },
  shard: number,
  losses: LossReport,
): Promise<RocksOwner<ShardColumn>> {
  const { directory, isNew, acceptLoss, ranks } = opening
  const path = join(directory, shardName(shard))
  const report = checkOf(path)
  if (!acceptLoss) refuseDamaged(path, report)
  else if (report?.verdict === 'damaged') salvageWriteAhead(report, quarantineFolder(directory, path, systemClock))
  const kv = await openRocks<ShardColumn>(path, { columns: shardColumns, create: isNew || (acceptLoss && !existsSync(path)) })
  try {
    for (const salvage of unfinishedSalvages(directory)) {
      if (salvage.database === shardName(shard)) losses.salvaged(salvage.database, salvage.quarantine, putBack(kv, salvage))
    }
    if (acceptLoss && isIndexAhead(kv, ranks)) dropIndex(kv)
    return kv
  } catch (error) {
    await kv.close()
    throw error
  }
}

function checkOf(database: string): WriteAheadReport | undefined {
  return existsSync(database) ? checkWriteAhead(database) : undefined
}

/** RocksDB would cut its write-ahead files at the first bad record without a word. DAMAGED names the file. */
const WHAT_TO_DO =
  'nothing was changed. Restore a backup, or open with acceptLoss (--accept-loss) to keep what is whole. In a store with durability "os" or ' +
  '"memory" a loss of power alone can leave this behind: then nothing that was promised is lost'

function refuseDamaged(database: string, report: WriteAheadReport | undefined): void {
  if (report?.verdict !== 'damaged') return
  const file = report.files[report.cut!.file]?.file ?? database
  throw new EventStoreError('DAMAGED', `${report.cause}; ${WHAT_TO_DO}`, { file, directory: database, at: report.cut!.at })
}

/** What looks damaged from outside may be what another process is writing. Opening with no columns fails, but behind the lock. */
async function refuseLocked(database: string): Promise<void> {
  if (!existsSync(database)) return
  try {
    const probe = await openRocks(database, { columns: {}, create: false })
    await probe.close()
  } catch (error) {
    if (isEventStoreError(error, 'LOCKED')) throw error
  }
}

function keepAside(directory: string, database: string): void {
  if (!existsSync(database)) return
  const folder = quarantineFolder(directory, database, systemClock)
  mkdirSync(dirname(folder), { recursive: true })
  renameSync(database, folder)
  for (const path of [dirname(folder), directory]) syncPath(path)
}

/** Puts what was rescued back in order. The index is made anew from the log: it may name blocks that are lost, or miss some that are not. */
function putBack(kv: KeyValue<ShardColumn>, salvage: Salvage): LostStretch[] {
  const lost: LostStretch[] = []
  for (const rescued of salvage.rescue()) {
    if (rescued.kind === 'lost') {
      lost.push(rescued.lost)
      continue
    }
    const batch = kv.batch()
    for (const { kind, columnId, key, value } of rescued.batch.rows) {
      const column = columnOfId(shardColumns, columnId)
      if (column === undefined || column === 'index' || kind === 'deleteRange') continue
      if (kind === 'delete') batch.delete(column, key)
      else if (column === 'log' || !isBehind(kv, key, value)) batch.put(column, key, value)
    }
    if (batch.length > 0) kv.write(batch, { sync: false })
  }
  dropIndex(kv)
  salvage.finish()
  return lost
}

/** A producer's number never goes down, whatever else was lost. */
function isBehind(kv: KeyValue<ShardColumn>, key: Bytes, value: Bytes): boolean {
  if (key[0] !== kinds.producer) return false
  const stored = kv.get('meta', key)
  return stored !== undefined && Buffer.from(stored).readDoubleLE(0) > Buffer.from(value).readDoubleLE(0)
}

/** On disk when it returns, with all that was written before. */
function dropIndex(kv: KeyValue<ShardColumn>): void {
  kv.deleteRange('index', Uint8Array.of(0), BEHIND_ALL)
  syncAll(kv)
}

function isIndexAhead(kv: KeyValue<ShardColumn>, ranks: number): boolean {
  const last = lastSegment(kv, ranks)
  return last !== null && last.baseBlock + last.blocks > lastLogBlock(kv) + 1
}
