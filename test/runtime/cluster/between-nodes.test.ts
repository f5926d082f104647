/** What lets any node take any request: what becomes of requests when a node leaves, or nobody is known to lead. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Router } from '../../../actors/router.ts'
import { LoopbackCluster } from '../../../cluster/loopback.ts'
import { limitsWith } from '../../../event/limits.ts'
import { StampClock } from '../../../event/stamp.ts'
import { BetweenNodes } from '../../../runtime/cluster/between-nodes.ts'
import { SharedHorizon } from '../../../store/log/horizon.ts'
import { hashesOf } from '../../../store/log/open-shard.ts'
import { ManualTime } from '../../actors/manual-time.ts'
import { settle, watched } from '../../actors/shard-scene.ts'

function scene() {
  const time = new ManualTime()
  const [cluster, node, incarnation, partitions, shards] = ['0123456789abcdef', 'n1', 'i1', 4, 2]
  const stamps = new StampClock(0, time)
  const limits = limitsWith({})
  const { bus } = new LoopbackCluster({ timers: time }).node(node)
  const between = new BetweenNodes({ cluster, node, incarnation, partitions, shards, bus, stamps, limits, clock: time, timers: time })
  const streamHash = hashesOf(cluster).stream
  const router = new Router(shards, {
    partitions,
    limits,
    streamHash,
    stamps,
    horizon: new SharedHorizon(),
    durability: 'quorum',
    clock: time,
  })
  for (let shard = 0; shard < shards; shard++) router.attach(shard, between.ledPort(shard))
  return { between, router }
}

test('a node that leaves does not keep waiting for whom no leader is known', async () => {
  const { between, router } = scene()
  const answers = Array.from({ length: 8 }, (_, n) => watched(router.append(`s${n}`, { type: 'a', data: new Uint8Array(1) })))
  await settle()
  assert.ok(answers.every(({ state }) => state === 'pending'))
  between.refuseWaiting()
  await settle()
  assert.equal(
    answers.map(({ code }) => code),
    answers.map(() => 'CLOSED'),
  )
  between.stop()
  router.stop()
})

test.run()
