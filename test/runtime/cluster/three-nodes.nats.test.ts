/** Three nodes of one process over real NATS servers: what one takes all have, in one order, whoever leads and whoever comes back. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Event } from '../../../event/event.ts'
import { openSharedLog, streamsFor } from '../../../cluster/jetstream.ts'
import { eventually, type NatsServers, startNatsServers } from '../../fixtures/nats-servers.ts'
import { type Node, openNode } from '../../../runtime/index.ts'
import { refused } from '../../contract/event-store/scene.ts'

const PARTITIONS = 4
const nats: NatsServers = await startNatsServers()
const directories = new Map<string, string>()
const nodes = new Map<string, Node>()

async function start(node: string): Promise<Node> {
  const directory = directories.get(node) ?? mkdtempSync(join(tmpdir(), 'allsource-cluster-'))
  directories.set(node, directory)
  const cluster = { servers: nats.urls, monitors: nats.monitors, node, name: 'three' }
  const opened = await openNode({ directory, partitions: PARTITIONS, shards: 2, cluster })
  nodes.set(node, opened)
  return opened
}

async function stop(node: string): Promise<void> {
  await nodes.get(node)!.close()
  nodes.delete(node)
}

const any = (): Node => [...nodes.values()][0]!

async function allLed(): Promise<void> {
  await eventually('every partition has a leader', async () => {
    const { partitions } = await any().cluster!.status()
    return partitions.every(({ leader }) => leader !== null && nodes.has(leader)) || undefined
  })
}

const streamsOf = async (node: Node): Promise<string[]> => {
  const read: string[] = []
  for await (const { stream, version, position } of node.readAll<Event>()) read.push(`${stream} ${version} ${position}`)
  return read
}

async function fill(prefix: string, count: number): Promise<void> {
  const all = [...nodes.values()]
  const append = (i: number): Promise<unknown> =>
    all[i % all.length]!.appendToStream(`${prefix}-${i % 10}`, { type: 'noted', data: { i, text: 'x'.repeat(200) } })
  await Promise.all(Array.from({ length: count }, (_, i) => append(i)))
}

test.before(async () => {
  await Promise.all(['n1', 'n2', 'n3'].map(start))
  await allLed()
})

test('what one node takes every node reads, at once and in one order', async () => {
  await fill('first', 300)
  const [one, two, three] = await Promise.all([...nodes.values()].map(streamsOf))
  assert.is(one!.length, 300)
  assert.equal(two, one)
  assert.equal(three, one)
})

test('an expected version is compared by the leader, wherever it is asked', async () => {
  const [n1, n2, n3] = ['n1', 'n2', 'n3'].map(name => nodes.get(name)!)
  await n1!.appendToStream('order-1', { type: 'opened', data: 1 }, { expectedVersion: 0 })
  await refused(() => n2!.appendToStream('order-1', { type: 'opened', data: 2 }, { expectedVersion: 0 }), 'WRONG_EXPECTED_VERSION')
  const attempts = await Promise.allSettled(
    [n1!, n2!, n3!].map((node, i) => node.appendToStream('order-1', { type: 'moved', data: i }, { expectedVersion: 1 })),
  )
  assert.is(attempts.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const node of [n1!, n2!, n3!]) assert.is(await node.streamVersion('order-1'), 2)
})

test('who follows all on one node hears what others append, idle partitions or not', async () => {
  const ending = new AbortController()
  const heard: unknown[] = []
  const follow = (async () => {
    const from = 'end'
    for await (const { data } of nodes.get('n2')!.subscribeToAll<Event>({ from, signal: ending.signal })) heard.push(data)
  })().catch(() => undefined)
  await new Promise(resolve => setTimeout(resolve, 300))
  for (let i = 0; i < 5; i++) await nodes.get('n3')!.appendToStream('followed-1', { type: 'noted', data: i })
  await eventually('all five are heard', () => heard.length === 5 || undefined)
  assert.equal(heard, [0, 1, 2, 3, 4])
  ending.abort()
  await follow
})

test('where a node serves is known to all, and named to whoever asks another for what it leads', async () => {
  const [n1, n2] = ['n1', 'n2'].map(name => nodes.get(name)!)
  const addressOf = async (): Promise<string | null | undefined> => {
    const { members } = await n2!.cluster!.status()
    return members.find(({ node }) => node === 'n1')?.address
  }
  assert.is(await addressOf(), null)
  const serving = await n1!.serve({ port: 0 })
  await eventually('n2 knows it', async () => (await addressOf()) === serving.addresses['http'] || undefined)
  await serving.close()
  await eventually('n2 knows that it is gone', async () => (await addressOf()) === null || undefined)
  const named = await n1!.serve({ port: 0, advertise: 'http://shop-1:7070' })
  await eventually('n2 knows the name', async () => (await addressOf()) === 'http://shop-1:7070' || undefined)
  await named.close()
  await refused(() => n1!.serve({ advertise: 'shop-1' }), 'INVALID')
})

test('leadership is handed over without a failed append, and drained', async () => {
  const n1 = nodes.get('n1')!
  let appended = 0
  let isOver = false
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    const node = [...nodes.values()][writer % 3]!
    for (let i = 0; !isOver; i++, appended++) await node.appendToStream(`moving-${writer}`, { type: 'noted', data: i })
  })
  try {
    for (const to of ['n2', 'n3', 'n1']) {
      const moved = await n1.cluster!.failover('all', to)
      assert.ok(moved.every(one => one.to === to))
    }
    await n1.cluster!.drain('n1')
    const { members } = await n1.cluster!.status()
    assert.equal(members.find(({ node }) => node === 'n1')?.health, 'draining')
    await n1.cluster!.resume('n1')
  } finally {
    isOver = true
    for (const written of await Promise.allSettled(writers)) if (written.status === 'rejected') assert.unreachable(String(written.reason))
  }
  const versions = await Promise.all(Array.from({ length: 8 }, (_, writer) => nodes.get('n2')!.streamVersion(`moving-${writer}`)))
  assert.is(
    versions.reduce((sum, version) => sum + version, 0),
    appended,
  )
})

test('a node that was away catches up, and one that lost its disk gets a snapshot where the log was trimmed', async () => {
  await stop('n3')
  await allLed()
  await fill('second', 200)
  await trimAll()
  rmSync(directories.get('n3')!, { recursive: true })
  const n3 = await start('n3')
  const expected = await streamsOf(nodes.get('n1')!)
  assert.equal(await streamsOf(n3), expected)
  await fill('third', 50)
  assert.equal(await streamsOf(n3), await streamsOf(nodes.get('n1')!))
})

test('a partition whose log was lost stops by name, is read, and goes on behind the copy that people choose', async () => {
  const before = await streamsOf(nodes.get('n1')!)
  for (const node of [...nodes.keys()]) await stop(node)
  await Promise.all(nats.servers.map(server => server.kill()))
  for (const { name } of nats.servers) rmSync(join(nats.directory, name, 'store'), { recursive: true })
  await Promise.all(nats.servers.map(server => server.start()))
  await nats.healthy()
  await refused(() => start('n1'), 'INCOMPATIBLE')
  for (const node of ['n1', 'n2', 'n3']) {
    const cluster = { servers: nats.urls, monitors: nats.monitors, node, name: 'three' }
    nodes.set(node, await openNode({ directory: directories.get(node)!, cluster: { ...cluster, restore: true } }))
  }
  const n1 = nodes.get('n1')!
  await eventually('every partition stopped at n1', async () => {
    const { partitions } = await n1.cluster!.status()
    return partitions.every(({ state, reason }) => state === 'stopped' && reason !== null) || undefined
  })
  const read: string[] = []
  for await (const { stream, version, position } of n1.readAll<Event>({ level: 'any' })) read.push(`${stream} ${version} ${position}`)
  assert.equal(read, before.slice(0, read.length))
  for (let partition = 0; partition < PARTITIONS; partition++) await n1.cluster!.repair(partition)
  await fill('fourth', 30)
  const [one, two, three] = await Promise.all([...nodes.values()].map(streamsOf))
  assert.is(one!.length, before.length + 30)
  assert.equal(one!.slice(0, before.length), before)
  assert.equal(two, one)
  assert.equal(three, one)
})

test.after(async () => {
  for (const node of [...nodes.keys()]) await stop(node)
  await nats.close()
  for (const directory of directories.values()) rmSync(directory, { recursive: true, force: true })
})

/** Forgets all but the last record of each partition, as after a long time. */
async function trimAll(): Promise<void> {
  const log = await openSharedLog({ servers: nats.urls, name: 'three', streams: streamsFor(PARTITIONS) })
  for (let partition = 0; partition < PARTITIONS; partition++) await log.trim(partition, (await log.last(partition))!.sequence)
  await log.close()
}

test.run()
