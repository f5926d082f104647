/** What is done to the cluster, one fault a cycle; each ends healed, as far as processes, networks and disks go. */
import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { streamOf } from '../../cluster/nats-subjects.ts'
import { flipJetStream, flipReplica, wipe } from './cluster-flips.ts'
import type { NodeProcess } from './cluster-process.ts'
import type { Way } from './cluster-proxy.ts'
import type { Scene } from './cluster-scene.ts'
import type { World } from './cluster-world.ts'

export interface Fault {
  readonly name: string
  /** Why it can not be made here; null when it can. */
  missing(scene: Scene): string | null
  /** Answers what it did. Throws when the cluster did what it must not. */
  make(world: World): Promise<string>
}

const always = (): null => null
const streams = 4
const failoverPatienceMs = 60_000
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

export const faults: readonly Fault[] = [
  { name: 'kill', missing: always, make: killOne },
  { name: 'stop', missing: always, make: stopOne },
  { name: 'nats-leader', missing: always, make: killStreamLeader },
  { name: 'nats-all', missing: always, make: allServers },
  { name: 'nodes-all', missing: always, make: allNodes },
  { name: 'wipe', missing: always, make: wipeOne },
  { name: 'hold', missing: always, make: holdOne },
  { name: 'delay', missing: always, make: delayOne },
  { name: 'flip', missing: always, make: flipReplica },
  { name: 'nats-flip', missing: always, make: flipJetStream },
  { name: 'cut', missing: ({ withoutCuts }) => withoutCuts, make: cutOne },
  { name: 'full', missing: ({ small }) => (small ? null : 'needs root, to mount a small disk'), make: fillDisk },
]

/** Mostly one that leads something, else any. */
async function victim({ scene, random }: World): Promise<{ node: NodeProcess; led: number[] }> {
  const node = random.pick(scene.nodes)
  return { node, led: await ledBy(scene, node.name) }
}

/** Partitions that a node leads, as the first that answers says. */
export async function ledBy(scene: Scene, name: string): Promise<number[]> {
  for (const { client } of scene.nodes) {
    try {
      const { partitions } = await client.cluster.status()
      return partitions.filter(({ leader }) => leader === name).map(({ partition }) => partition)
    } catch {
      // Another node is asked.
    }
  }
  return []
}

async function killOne(world: World): Promise<string> {
  const { node, led } = await victim(world)
  const killed = performance.now()
  await node.kill()
  const giveUp = AbortSignal.timeout(failoverPatienceMs)
  const took = await Promise.all(
    led.map(async partition => {
      const isAcknowledged = await world.clients.probe(partition, giveUp, node)
      return isAcknowledged ? performance.now() - killed : Infinity
    }),
  )
  world.failovers.push(...took)
  if (took.includes(Infinity))
    throw new Error(`${node.name} was killed, and for ${seconds(failoverPatienceMs)} nobody took over all it led`)
  await sleep(world.random.between(0, 1000))
  await node.start()
  return `${node.name}, which led ${led.length}; the last was served after ${Math.round(Math.max(0, ...took))} ms`
}

/** Shorter and longer than the deadline for heartbeats. */
async function stopOne(world: World): Promise<string> {
  const { node, led } = await victim(world)
  const ms = world.random.chance(0.4) ? world.random.between(200, 900) : world.random.between(1500, 6000)
  node.signal('SIGSTOP')
  await sleep(ms)
  node.signal('SIGCONT')
  return `${node.name}, which led ${led.length}, for ${seconds(ms)}`
}

async function killStreamLeader({ scene, random }: World): Promise<string> {
  const stream = streamOf('soak', random.below(streams))
  const server = await scene.nats.leaderOf(stream)
  await server.kill()
  await sleep(random.between(500, 5000))
  await server.start()
  return `${server.name}, which led ${stream}`
}

async function allServers({ scene, random }: World): Promise<string> {
  await Promise.all(scene.nats.servers.map(server => server.kill()))
  const ms = random.between(200, 4000)
  await sleep(ms)
  await Promise.all(scene.nats.servers.map(server => server.start()))
  return `down for ${seconds(ms)}`
}

async function allNodes({ scene, random }: World): Promise<string> {
  await Promise.all(scene.nodes.map(node => node.kill()))
  const isSeveral = random.chance(0.5)
  await Promise.all(
    scene.nodes.map(async (node, index) => {
      if (isSeveral) await sleep(index * random.between(0, 1000))
      await node.start()
    }),
  )
  return isSeveral ? 'back one after another' : 'back at once'
}

async function wipeOne(world: World): Promise<string> {
  const { node, led } = await victim(world)
  await node.kill()
  await sleep(world.random.between(0, 3000))
  await wipe(node)
  return `${node.name}, which led ${led.length}`
}

const ways: readonly (readonly Way[])[] = [['in'], ['out'], ['in', 'out']]

async function holdOne(world: World): Promise<string> {
  const { node, led } = await victim(world)
  const held = world.random.pick(ways)
  const ms = world.random.between(300, 5000)
  for (const proxy of node.options.proxies) for (const way of held) proxy.held.add(way)
  await sleep(ms)
  for (const proxy of node.options.proxies) proxy.held.clear()
  return `${node.name}, which led ${led.length}: nothing ${held.join(' or ')} for ${seconds(ms)}`
}

async function delayOne(world: World): Promise<string> {
  const { node, led } = await victim(world)
  const delayMs = Math.round(world.random.between(5, 400))
  for (const proxy of node.options.proxies) proxy.delayMs = delayMs
  await sleep(world.random.between(1000, 5000))
  for (const proxy of node.options.proxies) proxy.delayMs = 0
  return `${node.name}, which led ${led.length}, by ${delayMs} ms each way`
}

async function cutOne(world: World): Promise<string> {
  const { node, led } = await victim(world)
  const cut = world.random.pick(ways)
  const ms = world.random.between(300, 6000)
  node.options.place.cut!(
    cut,
    node.options.proxies.map(proxy => proxy.port),
  )
  await sleep(ms)
  node.options.place.heal!()
  return `${node.name}, which led ${led.length}: no packets ${cut.join(' or ')} for ${seconds(ms)}`
}

/** It stops writing and reads on; when there is room again, a restart is what lets it write. */
async function fillDisk({ scene, random }: World): Promise<string> {
  const node = scene.small!
  const led = await ledBy(scene, node.name)
  const ballast = join(node.directory, 'ballast')
  const piece = Buffer.alloc(64 * 1024)
  try {
    for (;;) writeFileSync(ballast, piece, { flag: 'a' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
  const { size } = statSync(ballast)
  await sleep(random.between(2000, 5000))
  rmSync(ballast)
  await node.kill()
  await node.start()
  return `${node.name}, which led ${led.length}, without the last ${Math.round(size / 1024 / 1024)} MiB`
}
