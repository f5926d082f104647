/** Flipped bytes: in what a node wrote while it is down, and in what a NATS server wrote while it is down. */
import { closeSync, openSync, readdirSync, readSync, rmSync, statSync, writeSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../simulation/random.ts'
import { type NodeProcess, Refused } from './cluster-process.ts'
import type { World } from './cluster-world.ts'

/** Damage at the very end looks like a write that was cut off, which is no damage. */
const LEAST_BYTES = 2 * 1024
const DAMAGED_EXIT = 4

function filesOf(directory: string, ending: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith(ending))
    .map(entry => join(entry.parentPath, entry.name))
    .filter(file => statSync(file).size >= LEAST_BYTES)
}

/** In the first half, so that much that is whole lies behind it. */
function flip(file: string, random: Random): number {
  const handle = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  let at = 0
  // A zero may lie in what was reserved and never written.
  for (let tries = 0; tries < 1000 && byte[0] === 0; tries++) {
    at = random.below(Math.floor(statSync(file).size / 2))
    readSync(handle, byte, 0, 1, at)
  }
  byte[0] = byte[0]! ^ (1 << random.below(8))
  writeSync(handle, byte, 0, 1, at)
  closeSync(handle)
  return at
}

/** Its disk is new: all comes back from the shared log and from the others. */
export async function wipe(node: NodeProcess): Promise<void> {
  for (const name of readdirSync(node.directory)) rmSync(join(node.directory, name), { recursive: true })
  await node.start()
}

/** Harmed files that are read when a node opens keep it from opening, and are named; of others it serves nothing wrong. On a new disk it is back. */
export async function flipReplica({ scene, random }: World): Promise<string> {
  const node = random.pick(scene.nodes)
  await node.kill()
  const shards = readdirSync(node.directory).filter(name => name.startsWith('shard'))
  const written = (ending: string): string[] => shards.flatMap(name => filesOf(join(node.directory, name), ending))
  const [ahead, tables] = [written('.log'), written('.sst')]
  if (ahead.length + tables.length === 0) {
    await node.start()
    return `${node.name} had no file to harm`
  }
  const isAhead = tables.length === 0 || (ahead.length > 0 && random.chance(0.6))
  const file = random.pick(isAhead ? ahead : tables)
  const at = flip(file, random)
  const what = `${node.name}, at ${at} of ${basename(file)}`
  const refusal = await node.start().then(
    () => null,
    (error: unknown) => error as Error,
  )
  if (refusal === null) {
    if (isAhead) throw new Error(`${what}: it opened`)
    await sleep(3000)
    await node.kill()
  } else {
    if (!(refusal instanceof Refused) || refusal.code !== DAMAGED_EXIT) throw refusal
    if (!refusal.message.includes(basename(file))) throw new Error(`${what}: it does not name the file: ${refusal.message}`)
  }
  await wipe(node)
  return `${what}: ${refusal === null ? 'opened' : 'refused'}, then back on a new disk`
}

/** NATS may mend it, or not: then the nodes must see it. What clients read and what is there at the end says whether they do. */
export async function flipJetStream({ scene, random }: World): Promise<string> {
  const server = random.pick(scene.nats.servers)
  await server.kill()
  const files = filesOf(join(scene.nats.directory, server.name, 'store'), '.blk').filter(file => file.includes('ALLSOURCE_soak_LOG'))
  if (files.length > 0) for (let flips = 0; flips < 3; flips++) flip(random.pick(files), random)
  await sleep(random.between(0, 2000))
  await server.start()
  return files.length > 0 ? `${server.name}, 3 of its bytes` : `${server.name} had no file to harm`
}
