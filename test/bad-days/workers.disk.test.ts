/** Threads that die and nodes that close while more than a thousand appends are in flight: every append is answered, and none of the answers lies. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ErrorCode, isEventStoreError } from '../../event/error.ts'
import type { Event } from '../../event/event.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { inDirectory, layout, readAll, withNode } from './stores.ts'

const IN_FLIGHT = 1500

/** Threads of shards, in the order they were started. */
const shardThreads: Worker[] = []
process.on('worker', worker => {
  if (worker.threadName?.startsWith('shard-')) shardThreads.push(worker)
})

type Answers = Map<string, ErrorCode | 'stored'>

/** One append each to a stream of its own name; resolves when all are answered. */
function appendMany(node: Node, name: string): { answers: Answers; all: Promise<unknown> } {
  const answers: Answers = new Map()
  const all = Array.from({ length: IN_FLIGHT }, async (_, n) => {
    const id = `${name}-${n}`
    try {
      await node.appendToStream(`stream-${n % 50}`, { type: 'counted', data: { id }, id })
      answers.set(id, 'stored')
    } catch (error) {
      if (!isEventStoreError(error)) throw error
      answers.set(id, error.code)
    }
  })
  return { answers, all: Promise.all(all) }
}

/** What was stored is there; what was refused for certain is not; what is unknown may be either. Nothing is there twice. */
function expectHonest(answers: Answers, events: readonly Event[]): void {
  const ids = new Set(events.map(({ id }) => id))
  assert.is(ids.size, events.length, 'nothing is there twice')
  for (const [id, answer] of answers) {
    if (answer === 'stored') assert.ok(ids.has(id), `${id} was acknowledged`)
    else if (answer !== 'UNKNOWN_OUTCOME') assert.not.ok(ids.has(id), `${id} was answered ${answer}`)
  }
}

const kinds = (answers: Answers): string[] => [...new Set(answers.values())].sort()

async function untilAppendable(node: Node): Promise<void> {
  for (;;) {
    try {
      for (let n = 0; n < 8; n++) await node.appendToStream(`after-${n}`, { type: 'after', data: n })
      return
    } catch (error) {
      if (!isEventStoreError(error, 'BUSY') && !isEventStoreError(error, 'UNKNOWN_OUTCOME')) throw error
      await sleep(5)
    }
  }
}

test('a shard’s thread that is terminated is started again; what it did not answer is unknown, and asking again with ids is safe', () =>
  inDirectory(async directory => {
    shardThreads.length = 0
    const node = await openNode({ directory, ...layout })
    const first = appendMany(node, 'first')
    await sleep(1)
    const terminated = shardThreads[0]!.terminate()
    await first.all
    await terminated
    assert.ok(
      kinds(first.answers).every(answer => ['stored', 'UNKNOWN_OUTCOME', 'BUSY'].includes(answer)),
      kinds(first.answers).join(),
    )
    await untilAppendable(node)
    assert.ok(shardThreads.length > layout.shards)
    expectHonest(
      first.answers,
      (await readAll(node)).filter(({ type }) => type === 'counted'),
    )
    const again = appendMany(node, 'first')
    await again.all
    assert.equal(kinds(again.answers), ['stored'])
    expectHonest(
      again.answers,
      (await readAll(node)).filter(({ type }) => type === 'counted'),
    )
    await node.close()
    await withNode({ directory, ...layout }, async reopened => {
      const events = (await readAll(reopened)).filter(({ type }) => type === 'counted')
      assert.is(events.length, IN_FLIGHT)
      assert.equal((await reopened.verify()).damage, [])
    })
  }))

test('closing while appends are in flight answers all of them, and keeps what it answered', () =>
  inDirectory(async directory => {
    const node = await openNode({ directory, ...layout })
    const sent = appendMany(node, 'sent')
    const closed = node.close()
    const late = appendMany(node, 'late')
    await Promise.all([sent.all, late.all, closed])
    assert.equal(kinds(sent.answers), ['stored'])
    assert.equal(kinds(late.answers), ['CLOSED'])
    await withNode({ directory, ...layout }, async reopened => expectHonest(sent.answers, await readAll(reopened)))
  }))

test('a node closes while a thread is being started again', () =>
  inDirectory(async directory => {
    for (const waitMs of [0, 5, 30]) {
      shardThreads.length = 0
      const node = await openNode({ directory, ...layout })
      const sent = appendMany(node, `round-${waitMs}`)
      await shardThreads[1]!.terminate()
      await sleep(waitMs)
      await node.close()
      await sent.all
      await withNode({ directory, ...layout }, async reopened =>
        expectHonest(
          sent.answers,
          (await readAll(reopened)).filter(({ id }) => id.startsWith(`round-${waitMs}-`)),
        ),
      )
    }
  }))

test('verify while appends go on finds nothing', () =>
  inDirectory(async directory => {
    const node = await openNode({ directory, ...layout })
    for (let round = 0; round < 4; round++) {
      const sent = appendMany(node, `round-${round}`)
      assert.equal((await node.verify()).damage, [])
      await sent.all
    }
    await node.close()
  }))

test.run()
