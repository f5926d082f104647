/** Whether the cluster serves after a fault, and whether all nodes have the same at the end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { checkHistory } from '../simulation/check-history.ts'
import { type Clients, readIds } from './cluster-clients.ts'
import type { NodeProcess } from './cluster-process.ts'
import { PARTITIONS, type Scene } from './cluster-scene.ts'

/** How long reads at the end may be refused. */
const FINAL_MS = 60_000

/** Starts what is down. Answers what ended by itself. */
export async function heal({ nats, nodes }: Scene): Promise<string[]> {
  await Promise.all(nats.servers.map(server => server.start()))
  await nats.healthy()
  const ended = nodes.filter(node => node.hasEnded)
  const wrong = ended.map(node => `${node.name} ended by itself:\n${node.lastWords()}`)
  await Promise.all(nodes.filter(node => !node.isRunning).map(node => node.start()))
  return wrong
}

/** What is not served within this time, a sentence each. */
export async function alive({ nodes }: Scene, clients: Clients, withinMs: number): Promise<string[]> {
  const giveUp = AbortSignal.timeout(withinMs)
  const served = await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => clients.probe(partition, giveUp)))
  const wrong = served.flatMap((isServed, partition) => (isServed ? [] : [`partition ${partition} took no append`]))
  const seen = await Promise.all(nodes.map(node => leadersSeen(node, giveUp)))
  return [...wrong, ...seen.flat()]
}

async function leadersSeen(node: NodeProcess, giveUp: AbortSignal): Promise<string[]> {
  let wrong: string[]
  do {
    wrong = await statusWrong(node)
    if (wrong.length > 0) await sleep(100)
  } while (wrong.length > 0 && !giveUp.aborted)
  return wrong
}

async function statusWrong(node: NodeProcess): Promise<string[]> {
  try {
    const { partitions } = await node.client.cluster.status()
    return partitions
      .filter(({ leader, state }) => leader === null || state === 'stopped' || state === 'behind')
      .map(each => `${node.name} says that partition ${each.partition} is led by ${each.leader}, ${each.state} (${each.reason})`)
  } catch (error) {
    return [`${node.name} does not tell its status: ${String(error)}`]
  }
}

/** Every stream from every node, whole; what differs, and what the history says, a sentence each. */
export async function judgeFinals({ nodes }: Scene, clients: Clients): Promise<string[]> {
  const wrong: string[] = []
  for (const stream of clients.streams) {
    const [first, ...others] = await Promise.all(nodes.map(node => patient(() => readIds(node, stream, { level: 'leader' }))))
    clients.final(stream, first!)
    for (const [index, ids] of others.entries())
      if (ids.join() !== first!.join())
        wrong.push(`${stream} has ${first!.length} events on ${nodes[0]!.name} and ${ids.length} or others on ${nodes[index + 1]!.name}`)
  }
  const orders = await Promise.all(nodes.map(node => patient(() => orderOf(node))))
  for (const [index, order] of orders.entries())
    if (order.join() !== orders[0]!.join()) wrong.push(`the order of all on ${nodes[index]!.name} is not that on ${nodes[0]!.name}`)
  if (new Set(orders[0]).size !== orders[0]!.length) wrong.push('an event is there twice')
  const acknowledged = clients.history.filter(({ op, result }) => op === 'append' && result === 'ok').flatMap(({ events }) => events)
  const there = new Set(orders[0])
  for (const id of acknowledged) if (!there.has(id)) wrong.push(`${id} was acknowledged and is not there`)
  return [...wrong, ...checkHistory(clients.history)]
}

async function orderOf(node: NodeProcess): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of node.client.readAll({ level: 'leader' })) ids.push(id)
  return ids
}

/** Again while it is refused. */
async function patient<Value>(ask: () => Promise<Value>): Promise<Value> {
  const end = performance.now() + FINAL_MS
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(200)
    }
  }
}
