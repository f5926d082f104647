/** Hot partitions: judged from rates by a clock that the test moves, and told of once an episode. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Clock } from '../../event/clock.ts'
import { systemClock } from '../../event/clock.ts'
import type { Event } from '../../event/event.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { HotPartitions } from '../../runtime/observe/hot-partitions.ts'
import { ALERTS_STREAM, Monitor } from '../../runtime/observe/monitor.ts'

const minuteMs = 60_000

interface Judge {
  /** What was said while the rates stood so, at a look a second. */
  stand(seconds: number, rates: readonly number[]): string[]
}

function judge(partitions: number): Judge {
  const hot = new HotPartitions({ partitions, forMs: minuteMs, eventsPerSecondMin: 100 })
  let nowMs = 1_000
  return {
    stand(seconds, rates) {
      const said: string[] = []
      for (let second = 0; second < seconds; second++, nowMs += 1_000)
        for (const { kind, partition, lastedMs } of hot.look(nowMs, at => rates[at]!)) said.push(`${kind} ${partition} ${lastedMs / 1000}`)
      return said
    },
  }
}

test('more than twice the mean for a minute is hot, once', () => {
  const { stand } = judge(4)
  assert.equal(stand(60, [900, 100, 100, 100]), [])
  assert.equal(stand(1, [900, 100, 100, 100]), ['hot 0 60'])
  assert.equal(stand(600, [900, 100, 100, 100]), [])
})

test('it is over after a minute of other figures, once', () => {
  const { stand } = judge(4)
  stand(61, [900, 100, 100, 100])
  assert.equal(stand(60, [100, 100, 100, 100]), [])
  assert.equal(stand(600, [100, 100, 100, 100]), ['cooled 0 121'])
  assert.equal(stand(61, [900, 100, 100, 100]), ['hot 0 60'])
})

test('a pause shorter than a minute neither begins nor ends an episode', () => {
  const { stand } = judge(4)
  for (let turn = 0; turn < 5; turn++) assert.equal([...stand(59, [900, 100, 100, 100]), ...stand(1, [100, 100, 100, 100])], [])
  stand(61, [900, 100, 100, 100])
  for (let turn = 0; turn < 5; turn++) assert.equal([...stand(59, [100, 100, 100, 100]), ...stand(1, [900, 100, 100, 100])], [])
})

test('twice the mean, exactly, is not more than twice', () => {
  const { stand } = judge(4)
  assert.equal(stand(200, [600, 200, 200, 200]), [])
})

test('below the floor nothing is hot, and one partition has no mean', () => {
  assert.equal(judge(4).stand(200, [99, 0, 0, 0]), [])
  assert.equal(judge(4).stand(61, [100, 0, 0, 0]), ['hot 0 60'])
  assert.equal(judge(1).stand(200, [10_000]), [])
  // Of two, one can not carry more than twice the mean: that is all there is.
  assert.equal(judge(2).stand(200, [10_000, 0]), [])
})

test('two can be hot at a time', () => {
  assert.equal(judge(8).stand(61, [900, 900, 0, 0, 0, 0, 0, 0]), ['hot 0 60', 'hot 1 60'])
})

interface Watched {
  readonly node: Node
  readonly monitor: Monitor
  readonly lines: string[]
  readonly clock: { ms: number }
}

async function withMonitor(work: (watched: Watched) => Promise<void>): Promise<void> {
  const lines: string[] = []
  const note =
    (level: string) =>
    (facts: object, sentence: string): void =>
      void lines.push(`${level} ${sentence} ${JSON.stringify(facts)}`)
  const node = await openNode({ memory: true, partitions: 4, limits: { hotPartitionMs: 20_000, hotPartitionEvents: 5 } })
  const time = { ms: 5_000 }
  const clock: Clock = { ...systemClock, monotonic: () => time.ms, now: () => 1_800_000_000_000 + time.ms }
  const logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
  const monitor = new Monitor({ ...node.monitor.parts, clock, logger })
  try {
    await work({ node, monitor, lines, clock: time })
  } finally {
    monitor.close()
    await node.close()
  }
}

/** So many seconds, with ten events in each to one stream. */
async function pass({ node, monitor, clock }: Watched, seconds: number, stream: string | null): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    if (stream !== null)
      await node.appendToStream(
        stream,
        Array.from({ length: 10 }, (_, at) => ({ type: 'T', data: at })),
      )
    clock.ms += 1_000
    monitor.look()
  }
}

async function alertsOf(node: Node): Promise<Event[]> {
  await new Promise(resolve => setTimeout(resolve, 20))
  const alerts: Event[] = []
  for await (const event of node.readAll({ system: true })) if (event.stream === ALERTS_STREAM) alerts.push(event as Event)
  return alerts
}

test('an alert is an event in $alerts, a line in the log and a figure; and so is its end', () =>
  withMonitor(async watched => {
    const { node, monitor, lines } = watched
    await pass(watched, 20, 'busy')
    assert.equal(await alertsOf(node), [])
    await pass(watched, 40, 'busy')
    const [hot, ...more] = await alertsOf(node)
    assert.equal(more, [])
    assert.is(hot?.type, 'partition.hot')
    const data = hot?.data as Record<string, number>
    const { partitions } = await node.stats()
    assert.is(partitions.find(({ partition }) => partition === data['partition'])!.events >= 600, true)
    assert.equal([data['eventsPerSecond'], data['lastedMs']], [10, 20_000])
    assert.ok(data['meanEventsPerSecond']! <= 3)
    assert.equal([monitor.hotEpisodes, monitor.hot], [1, [data['partition']]])
    assert.is(lines.filter(line => line.startsWith('warn a partition carries more')).length, 1)
    await pass(watched, 60, null)
    const [, cooled, ...rest] = await alertsOf(node)
    assert.equal([cooled?.type, rest], ['partition.cooled', []])
    assert.equal(monitor.hot, [])
    assert.is(lines.filter(line => line.startsWith('info a partition no longer')).length, 1)
  }))

test('a burst makes nothing hot', () =>
  withMonitor(async watched => {
    await pass(watched, 12, 'busy')
    await pass(watched, 60, null)
    assert.equal(await alertsOf(watched.node), [])
  }))

test('rates are those of the last second and of the last minute', () =>
  withMonitor(async watched => {
    const { monitor } = watched
    await pass(watched, 30, 'busy')
    const partition = [0, 1, 2, 3].find(each => monitor.rate(each, 1_000).eventsPerSecond > 0)!
    assert.is(monitor.rate(partition, 1_000).eventsPerSecond, 10)
    assert.is(monitor.rate(partition, 60_000).eventsPerSecond, 10)
    assert.is(monitor.rate(partition, 1_000).bytesPerSecond, 10)
    await pass(watched, 30, null)
    assert.is(monitor.rate(partition, 1_000).eventsPerSecond, 0)
    assert.is(monitor.rate(partition, 60_000).eventsPerSecond, 5)
    await pass(watched, 100, null)
    assert.is(monitor.rate(partition, 60_000).eventsPerSecond, 0)
  }))

test.run()
