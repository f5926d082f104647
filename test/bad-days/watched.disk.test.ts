/** What a node on disk says of itself when its workers die and its disk refuses: counters go on, and nothing is called ready that is not. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PartitionFigures } from '../../event/figures.ts'
import { isEventStoreError } from '../../event/error.ts'
import { health, metricsText, type Node, ready } from '../../runtime/index.ts'
import { inDirectory, layout, withNode } from './stores.ts'

/** Threads of shards, in the order they were started. */
const shardThreads: Worker[] = []
process.on('worker', worker => {
  if (worker.threadName?.startsWith('shard-')) shardThreads.push(worker)
})

interface Line {
  readonly level: string
  readonly facts: Readonly<Record<string, unknown>>
  readonly sentence: string
}

/** A logger that remembers. */
function remembered(): {
  lines: Line[]
  logger: { [Level in 'debug' | 'info' | 'warn' | 'error']: (facts: Line['facts'], sentence: string) => void }
} {
  const lines: Line[] = []
  const note = (level: string) => (facts: Line['facts'], sentence: string) => void lines.push({ level, facts, sentence })
  return { lines, logger: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') } }
}

async function untilAppended(node: Node, stream: string): Promise<void> {
  for (;;) {
    try {
      await node.appendToStream(stream, { type: 'counted', data: 'after' })
      return
    } catch (error) {
      if (!isEventStoreError(error, 'BUSY') && !isEventStoreError(error, 'UNKNOWN_OUTCOME')) throw error
      await sleep(5)
    }
  }
}

const streams = Array.from({ length: 8 }, (_, at) => `stream-${at}`)

async function sums(node: Node): Promise<{ events: number; bytes: number; requests: number }> {
  const partitions = (await node.stats()).partitions as readonly PartitionFigures[]
  const sum = (read: (partition: PartitionFigures) => number): number => partitions.reduce((all, each) => all + read(each), 0)
  return { events: sum(({ events }) => events), bytes: sum(({ bytes }) => bytes), requests: sum(({ requests }) => requests) }
}

test('counters outlive the worker that counted', () =>
  inDirectory(directory => {
    const { lines, logger } = remembered()
    return withNode({ directory, ...layout, logger }, async node => {
      for (const stream of streams) await node.appendToStream(stream, { type: 'counted', data: 'before' })
      const before = await sums(node)
      assert.equal(before, { events: 8, bytes: 8 * '"before"'.length, requests: 8 })
      await shardThreads.at(-1)!.terminate()
      for (const stream of streams) await untilAppended(node, stream)
      const after = await sums(node)
      assert.ok(after.events >= 16 && after.bytes >= before.bytes + 8 * '"after"'.length)
      assert.equal(
        health(node).shards.map(({ condition }) => condition),
        Array.from({ length: layout.shards }, () => 'writable'),
      )
      assert.ok(ready(node).ready)
      const said = lines.map(({ sentence }) => sentence)
      assert.ok(said.includes('the worker of a shard died and is started again'))
      assert.ok(said.includes('the worker of a shard is back'))
      assert.match(await metricsText(node), /^allsource_commit_duration_seconds_count\{shard="0"\} [1-9]/m)
    })
  }))

test('a node whose worker dies again and again is not alive', () =>
  inDirectory(directory => {
    const { lines, logger } = remembered()
    return withNode({ directory, ...layout, logger }, async node => {
      const deadline = Date.now() + 60_000
      while (health(node).alive && Date.now() < deadline) {
        await shardThreads.at(-1)!.terminate()
        await sleep(20)
      }
      assert.is(health(node).alive, false)
      assert.ok(health(node).shards.some(({ condition }) => condition === 'lost'))
      assert.is(ready(node).ready, false)
      const text = await metricsText(node)
      assert.match(text, /^allsource_node_alive 0$/m)
      assert.match(text, /^allsource_shard_writable\{shard="\d"\} 0$/m)
      assert.ok(lines.some(({ level, sentence }) => level === 'error' && sentence.includes('too often')))
    })
  }))

test.run()
