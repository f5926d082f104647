/** What the loopback cluster does when it is told to fail; what every shared log, bus and registry does is in test/contract/cluster. */
import assert from 'node:assert/strict'
import { test } from 'uvu'
import type { LogAppend, LogMessage, SharedLog } from '../../cluster/shared-log.ts'
import { faultless, LoopbackCluster, type LoopbackFaults, SERVERS } from '../../cluster/loopback.ts'
import { isEventStoreError } from '../../event/error.ts'
import { Random } from '../simulation/random.ts'
import { VirtualTime } from '../simulation/virtual-time.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (value: Uint8Array): string => new TextDecoder().decode(value)

interface Scene {
  readonly time: VirtualTime
  readonly cluster: LoopbackCluster
  /** Lets virtual time pass until the promise is settled. */
  settled<Value>(promise: Promise<Value>): Promise<Value>
}

function scene(seed = 1, wire: Partial<LoopbackFaults['wire']> = {}): Scene {
  const time = new VirtualTime()
  const faults = { ...faultless, wire: { ...faultless.wire, ...wire } }
  const cluster = new LoopbackCluster({ timers: time, random: new Random(seed).float, faults })
  const settled = async <Value>(promise: Promise<Value>): Promise<Value> => {
    let isOver = false
    const over = (): void => {
      isOver = true
    }
    promise.then(over, over)
    assert.ok(await time.until(() => isOver, 60_000), 'it settles within a virtual minute')
    return promise
  }
  return { time, cluster, settled }
}

/** Texts as they come. */
function followed(log: SharedLog, after = 0): string[] {
  const seen: string[] = []
  log.follow({ partitions: [0], after: () => after, message: message => void seen.push(text(message.bytes)) })
  return seen
}

test('a request into a cut that is mended lands late: its sender was told that nobody knows', async () => {
  const { time, cluster, settled } = scene(1, { held: 1 })
  const { log } = cluster.node('n1')
  cluster.wire.cut('n1', SERVERS)
  assert.equal((await settled(log.append(0, 0, [bytes('a')]))).kind, 'unknown')
  assert.equal(cluster.log.messagesOf(0).length, 0)
  cluster.wire.mend('n1', SERVERS)
  assert.equal(await time.until(() => cluster.log.messagesOf(0).length === 1, 1_000), true)
})

test('a cut of the way back loses the answer and not the append', async () => {
  const { cluster, settled } = scene()
  const { log } = cluster.node('n1')
  cluster.wire.cut(SERVERS, 'n1')
  assert.equal((await settled(log.append(0, 0, [bytes('a')]))).kind, 'unknown')
  await assert.rejects(settled(log.last(0)), error => isEventStoreError(error, 'UNREACHABLE'))
  cluster.heal()
  assert.equal(text((await settled(log.last(0)))!.bytes), 'a')
})

test('over a bad wire there is one order: what is committed is there once, conflicts and unknowns are there at most once', async () => {
  const outcomes = new Set<LogAppend['kind']>()
  for (let seed = 1; seed <= 30; seed++) {
    const { time, cluster, settled } = scene(seed, { delayMs: [1, 30], lost: 0.1, twice: 0.1, late: 0.1, lateMs: 4_000, held: 0.5 })
    const nodes = ['n1', 'n2', 'n3'].map(id => cluster.node(id))
    const committed: string[] = []
    const tried: string[] = []
    const write = async (log: SharedLog, name: string): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        const last = await log.last(0).catch(() => null)
        const word = `${name}${i}`
        tried.push(word)
        const answer = await log.append(0, last?.sequence ?? 0, [bytes(word)])
        outcomes.add(answer.kind)
        if (answer.kind === 'committed') committed.push(word)
      }
    }
    const seen = nodes.map(node => followed(node.log))
    await settled(Promise.all(nodes.map(({ log, id }) => write(log, id))))
    cluster.heal()
    const held = cluster.log.messagesOf(0).map(message => text(message.bytes))
    assert.equal(new Set(held).size, held.length)
    for (const word of committed) assert.ok(held.includes(word), word)
    for (const word of held) assert.ok(tried.includes(word), word)
    const end = (): string[] => cluster.log.messagesOf(0).map(message => text(message.bytes))
    assert.ok(await time.until(() => seen.every(one => one.length >= end().length), 60_000), 'all followers have all')
    for (const one of seen) assert.deepEqual(one, end())
  }
  assert.deepEqual([...outcomes].sort(), ['committed', 'conflict', 'unknown'])
})

test('a conflict may be spurious: the condition held and nothing was made', async () => {
  const { cluster, settled } = scene()
  cluster.faults = { ...faultless, log: { ...faultless.log, spuriousConflict: 1 } }
  const { log } = cluster.node('n1')
  assert.deepEqual(await settled(log.append(0, 0, [bytes('a')])), { kind: 'conflict' })
  assert.equal(await settled(log.last(0)), null)
})

test('without a quorum nothing is answered, and followers go on when there is one again', async () => {
  const { time, cluster, settled } = scene(1, { held: 1 })
  const { log, registry } = cluster.node('n1')
  const seen = followed(log)
  cluster.stall()
  assert.equal((await settled(log.append(0, 0, [bytes('a')]))).kind, 'unknown')
  assert.equal((await settled(registry.write('term.0', 1, 0))).kind, 'unknown')
  await assert.rejects(settled(registry.read('term.0')), error => isEventStoreError(error, 'UNREACHABLE'))
  cluster.resume()
  assert.ok(await time.until(() => seen.length === 1, 1_000))
  assert.equal((await settled(registry.read('term.0')))?.value, 1)
})

test('a process that left hears nothing, and its last append lands all the same', async () => {
  const { time, cluster } = scene()
  const node = cluster.node('n1')
  const seen = followed(node.log)
  let answers = 0
  void node.log.append(0, 0, [bytes('a')]).then(() => answers++)
  node.leave()
  await time.until(() => false, 10_000)
  assert.equal(cluster.log.messagesOf(0).length, 1)
  assert.equal(answers, 0)
  assert.deepEqual(seen, [])
})

test('servers can lose a tail that they had committed, and change bytes', async () => {
  const { cluster, settled } = scene()
  const { log } = cluster.node('n1')
  const messages = ['a', 'b', 'c'].map(bytes)
  const answer = await settled(log.append(0, 0, messages))
  assert.deepEqual(answer, { kind: 'committed', sequence: 3 })
  cluster.log.changeByte(0, 2, 0)
  assert.equal(text(cluster.log.messagesOf(0)[1]!.bytes), String.fromCharCode('b'.charCodeAt(0) ^ 0x40))
  assert.equal(text(messages[1]!), 'b')
  cluster.log.loseTail(0, 2)
  assert.deepEqual(
    cluster.log.messagesOf(0).map((message: LogMessage) => message.sequence),
    [1],
  )
})

test('reads of the registry may be old, writes are still decided by what is there', async () => {
  const { cluster, settled } = scene(3)
  const { registry } = cluster.node('n1')
  let revision = 0
  for (let i = 1; i <= 10; i++) {
    const answer = await settled(registry.write('term.0', i, revision))
    assert.equal(answer.kind, 'written')
    revision = answer.kind === 'written' ? answer.revision : 0
  }
  cluster.faults = { ...faultless, registry: { ...faultless.registry, stale: 1 } }
  const read = (await settled(registry.read('term.0')))!
  assert.ok(read.revision < revision)
  assert.equal((await settled(registry.write('term.0', 11, read.revision))).kind, 'conflict')
  assert.equal((await settled(registry.write('term.0', 11, revision))).kind, 'written')
})

test('messages between two nodes are cut one way or both, and come twice or never by chance', async () => {
  const { time, cluster, settled } = scene()
  const [one, two] = [cluster.node('n1'), cluster.node('n2')]
  let heard = 0
  two.bus.subscribe('node.n2.*', message => {
    heard++
    message.reply(message.bytes)
  })
  assert.equal(text(await settled(one.bus.request('node.n2.append', bytes('hello'), 1_000))), 'hello')
  cluster.wire.cut('n2', 'n1')
  await assert.rejects(settled(one.bus.request('node.n2.append', bytes('hello'), 1_000)), error => isEventStoreError(error, 'UNREACHABLE'))
  assert.equal(heard, 2)
  cluster.wire.mendAll()
  cluster.faults = { ...faultless, wire: { ...faultless.wire, twice: 1 } }
  one.bus.publish('node.n2.append', bytes('hello'))
  await time.until(() => false, 100)
  assert.equal(heard, 4)
  cluster.faults = { ...faultless, wire: { ...faultless.wire, lost: 1 } }
  one.bus.publish('node.n2.append', bytes('hello'))
  await time.until(() => false, 100)
  assert.equal(heard, 4)
  assert.equal(one.bus.isConnected, true)
  cluster.wire.cut('n1', SERVERS)
  assert.equal(one.bus.isConnected, false)
})

test.run()
