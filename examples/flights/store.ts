/** Opens the store of the example: made anew, unless a finished import may be kept. */
import { readdir, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { isEventStoreError, openNode } from '../../runtime/index.ts'
import type { Node, OpenOptions } from '../../runtime/index.ts'
import { lateStream, suspectStream } from './export.ts'
import { importState, rowsWanted } from './import.ts'
import { dataByDefault, UsageError } from './options.ts'
import type { StartOptions } from './options.ts'

export interface OpenedStore {
  readonly node: Node
  /** The import of an earlier run is in it, whole. */
  readonly kept: boolean
}

/** `topology`: the one that will be run; results of another one are not kept, for both would write to the same streams. */
export async function openStore(options: StartOptions, topology: string, say: (line: string) => void): Promise<OpenedStore> {
  const files = await filesOf(options.data)
  const isOurs = options.data === resolve(dataByDefault)
  if (!isOurs && files.length > 0 && !files.includes('store.json'))
    throw new UsageError(`${options.data} holds other files and no store: choose another --data`)
  if (files.length > 0) {
    const node = await openOld(options, isOurs)
    const reason = node ? await whyNotKept(node, options, topology) : 'it could not be opened'
    if (node && reason === null) return { node, kept: true }
    if (options.keep) say(`The store in ${options.data} is made again: ${reason}.`)
    await node?.close()
    await rm(options.data, { recursive: true })
  }
  return { node: await openNode({ directory: options.data, ...fixed(options), ...running(options) }), kept: false }
}

/** Opening takes the lock, so that no store is removed under a node that runs. */
async function openOld(options: StartOptions, isOurs: boolean): Promise<Node | null> {
  try {
    return await openNode({ directory: options.data, ...running(options) })
  } catch (error) {
    if (isEventStoreError(error, 'LOCKED') || !isOurs) throw error
    return null
  }
}

/** A reason to make the store again, or null. */
async function whyNotKept(node: Node, options: StartOptions, topology: string): Promise<string | null> {
  const found = await importState(node)
  if (found.state === 'foreign') {
    await node.close()
    throw new UsageError(`${options.data} is a store with events that this example did not write: choose another --data`)
  }
  if (!options.keep) return 'without --keep it always is'
  if (found.state !== 'finished') return 'its import was not finished'
  if (found.rows !== (await rowsWanted(options.limit))) return `it holds ${found.rows} flights`
  const stats = await node.stats()
  if ((options.partitions ?? stats.partitions.length) !== stats.partitions.length) return `it has ${stats.partitions.length} partitions`
  // No store has more shards than partitions.
  const shards = Math.min(options.shards ?? stats.shards.length, stats.partitions.length)
  if (shards !== stats.shards.length) return `it has ${stats.shards.length} shards`
  const names = (await node.topologies()).map(({ name }) => name)
  const other = names.find(name => name !== topology)
  if (other !== undefined) return `it was folded by ${other}`
  const written = (await node.streamVersion(lateStream)) + (await node.streamVersion(suspectStream))
  return names.length === 0 && written > 0 ? `${topology} was undeployed, but what it wrote to the log is still there` : null
}

async function filesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') throw new UsageError(`${directory} is not a directory`)
    throw error
  }
}

/** Fixed when the store is made. */
function fixed({ partitions, shards }: StartOptions): { partitions?: number; shards?: number } {
  return { ...(partitions === undefined ? {} : { partitions }), ...(shards === undefined ? {} : { shards }) }
}

/** Chosen each time it is opened. */
export function running({ workers, epochMs, pageRows }: Pick<StartOptions, 'workers' | 'epochMs' | 'pageRows'>): OpenOptions {
  return {
    ...(workers === undefined ? {} : { workers }),
    ...(epochMs === undefined ? {} : { epochMs }),
    ...(pageRows === undefined ? {} : { limits: { pageRows } }),
  }
}
