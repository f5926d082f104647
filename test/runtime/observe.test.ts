/** What a node says to those who watch it: figures, metrics, alive, ready. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type AppendAnswer, health, METRICS_CONTENT_TYPE, metricsText, type Node, openNode, ready } from '../../runtime/index.ts'
import type { NodeStats, PartitionFigures } from '../../event/figures.ts'
import { metricTable } from '../../runtime/observe/metric-table.ts'

async function withNode(work: (node: Node) => Promise<void>): Promise<void> {
  const node = await openNode({ memory: true, partitions: 4 })
  try {
    await work(node)
  } finally {
    await node.close()
  }
}

/** Those of a node are whole. */
async function statsOf(node: Node): Promise<Omit<NodeStats, 'partitions'> & { readonly partitions: readonly PartitionFigures[] }> {
  const stats = await node.stats()
  return { ...stats, partitions: stats.partitions as readonly PartitionFigures[] }
}

/** Value of a sample by its name with labels. */
function valueOf(text: string, sample: string): number | undefined {
  const line = text.split('\n').find(one => one.startsWith(`${sample} `))
  return line === undefined ? undefined : Number(line.slice(sample.length + 1))
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
}

function partitionOf(answer: AppendAnswer): number {
  assert.not(answer.duplicate)
  return answer.duplicate ? -1 : answer.partition
}

test('an open node is alive and ready, a closed one is not ready', async () => {
  const node = await openNode({ memory: true, shards: 2 })
  const shards = [0, 1].map(shard => ({ shard, condition: 'writable' }))
  assert.equal(health(node), { alive: true, shards, reasons: [] })
  assert.equal(ready(node), { ready: true, reasons: [] })
  const closing = node.close()
  assert.is(ready(node).ready, false)
  await closing
  assert.is(ready(node).reasons.length, 1)
  assert.is(health(node).alive, true)
})

test('what was appended is counted where it went', () =>
  withNode(async node => {
    const data = { amount: 12 }
    const answer = await node.appendToStream('order-1', [
      { type: 'Placed', data },
      { type: 'Paid', data },
    ])
    await node.appendInOrder([{ stream: 'order-1', event: { type: 'Sent', data } }])
    assert.is(await codeOf(node.appendToStream('order-1', { type: 'Placed', data }, { expectedVersion: 'none' })), 'WRONG_EXPECTED_VERSION')
    assert.is(await codeOf(node.appendToStream('', { type: 'Placed', data })), 'INVALID')
    assert.is(await codeOf(node.appendToStream('order-1', [])), 'INVALID')
    assert.is(await codeOf(node.appendToStream('$order', { type: 'Placed', data })), 'FORBIDDEN')
    const { partitions, refusals, shards } = await statsOf(node)
    const own = partitions[partitionOf(answer)]!
    assert.equal([own.events, own.bytes, own.requests], [3, 3 * JSON.stringify(data).length, 3])
    assert.equal(own.errors, { WRONG_EXPECTED_VERSION: 1 })
    assert.equal([own.queue, own.isHot], [0, false])
    assert.ok(own.p50Ms > 0 && own.p99Ms >= own.p50Ms && own.p999Ms >= own.p99Ms)
    assert.equal(refusals, { INVALID: 2, FORBIDDEN: 1 })
    for (const other of partitions)
      if (other !== own) assert.equal([other.events, other.bytes, other.requests, other.errors], [0, 0, 0, {}])
    assert.ok(shards.reduce((sum, { commits }) => sum + commits, 0) >= 2)
  }))

test('a producer that repeats itself is answered, and counts nothing twice', () =>
  withNode(async node => {
    const once = { producer: 'till-7', producerSequence: 1 }
    const partition = partitionOf(await node.appendToStream('sale', { type: 'Sold', data: 1 }, once))
    await node.appendToStream('sale', { type: 'Sold', data: 1 }, once)
    const { events, bytes, requests, errors } = (await statsOf(node)).partitions[partition]!
    assert.equal({ events, bytes, requests, errors }, { events: 1, bytes: 1, requests: 2, errors: {} })
  }))

test('events that wait for an answer are the queue', () =>
  withNode(async node => {
    const appended = Array.from({ length: 3 }, (_, at) => node.appendToStream('one', { type: 'T', data: at }))
    const waiting = (await statsOf(node)).partitions.reduce((sum, { queue }) => sum + queue, 0)
    assert.is(waiting, 3)
    await Promise.all(appended)
    assert.ok((await statsOf(node)).partitions.every(({ queue }) => queue === 0))
  }))

test('what a full mailbox refused is an error of its partition', async () => {
  const node = await openNode({ memory: true, partitions: 4, limits: { mailboxEvents: 2 } })
  const appended = Array.from({ length: 3 }, (_, at) => codeOf(node.appendToStream('one', { type: 'T', data: at })))
  assert.equal((await Promise.all(appended)).toSorted(), ['BUSY', 'done', 'done'])
  const { partitions, refusals } = await statsOf(node)
  assert.equal(
    partitions.map(({ errors }) => errors).filter(({ BUSY }) => BUSY !== undefined),
    [{ BUSY: 1 }],
  )
  assert.equal(refusals, {})
  await node.close()
})

test('metrics are the figures in the words of Prometheus', () =>
  withNode(async node => {
    const partition = partitionOf(await node.appendToStream('order-1', { type: 'Placed', data: { amount: 12 } }))
    assert.is(await codeOf(node.appendToStream('order-1', { type: 'Placed', data: 1 }, { expectedVersion: 9 })), 'WRONG_EXPECTED_VERSION')
    const text = await metricsText(node)
    assert.ok(METRICS_CONTENT_TYPE.startsWith('text/plain; version=0.0.4'))
    assert.is(valueOf(text, `allsource_partition_events_total{partition="${partition}"}`), 1)
    assert.is(valueOf(text, `allsource_partition_bytes_total{partition="${partition}"}`), 13)
    assert.is(valueOf(text, `allsource_partition_errors_total{partition="${partition}",code="WRONG_EXPECTED_VERSION"}`), 1)
    assert.is(valueOf(text, 'allsource_append_latency_seconds_count'), 2)
    assert.is(valueOf(text, 'allsource_append_latency_seconds_bucket{le="+Inf"}'), 2)
    assert.is(valueOf(text, `allsource_partition_latency_seconds_bucket{partition="${partition}",le="+Inf"}`), 2)
    assert.is(valueOf(text, 'allsource_node_ready'), 1)
    assert.is(valueOf(text, 'allsource_shard_writable{shard="0"}'), 1)
  }))

test('buckets of a histogram rise to the count', () =>
  withNode(async node => {
    await Promise.all(Array.from({ length: 200 }, (_, at) => node.appendToStream(`s-${at}`, { type: 'T', data: at })))
    const found = [...(await metricsText(node)).matchAll(/^allsource_append_latency_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm)]
    const counts = found.map(([, , count]) => Number(count))
    assert.ok(counts.length > 10)
    assert.equal(
      counts,
      counts.toSorted((a, b) => a - b),
    )
    assert.equal([found.at(-1)?.[1], counts.at(-1)], ['+Inf', 200])
  }))

test('every metric is in the text, by a name that Prometheus takes, counters with _total', () =>
  withNode(async node => {
    const text = await metricsText(node)
    const rows = Object.values(metricTable).flat()
    assert.is(new Set(rows.map(({ name }) => name)).size, rows.length)
    for (const { name, type, help, labels } of rows) {
      assert.match(name, /^(?:allsource|process|nodejs)(?:_[a-z]+)+$/)
      assert.is(type === 'counter', name.endsWith('_total'), name)
      assert.match(text, `# TYPE ${name} ${type}`)
      assert.ok(help.endsWith('.') && !help.includes('\n'))
      assert.not(labels.includes('le'))
    }
  }))

test('a closed node has no metrics', async () => {
  const node = await openNode({ memory: true })
  await node.close()
  assert.is(await codeOf(metricsText(node)), 'CLOSED')
})

test('a logger must have the methods of one', async () => {
  const refusal = await openNode({ memory: true, logger: { info: () => undefined } as never }).catch((error: unknown) => error)
  assert.is((refusal as { code: string }).code, 'INVALID')
  assert.equal((refusal as { details: unknown }).details, { field: 'logger' })
})

test.run()
