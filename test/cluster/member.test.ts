/** Members of a cluster over the loopback parts: who is alive, who leads, and commands at any node. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SERVERS } from '../../cluster/loopback.ts'
import { memberLimits } from '../../cluster/member-options.ts'
import { CLUSTER, fails, homes, isAtHome, partitions, Scene, three } from './member-scene.ts'

test('one node leads all it has', async () => {
  const scene = new Scene()
  const [n1] = await scene.start('n1')
  await scene.until(() => scene.isLedBy(n1!), 'n1 leads')
  const { members, partitions: led, refused } = n1!.member.status()
  assert.equal(
    members.map(({ node, isHealthy }) => [node, isHealthy]),
    [['n1', true]],
  )
  assert.ok(led.every(({ leader, isStarted }) => leader === 'n1' && isStarted))
  assert.equal(refused, {})
})

test('leaders spread over three nodes, and every node knows', async () => {
  const [, n1, n2, n3] = await three()
  for (const { member } of [n1, n2, n3]) {
    const { members, partitions: led, cluster, node } = member.status()
    assert.is(cluster, CLUSTER)
    assert.ok(['n1', 'n2', 'n3'].includes(node))
    assert.equal(
      members.map(({ node: id, zone, isHealthy }) => [id, zone, isHealthy]),
      [
        ['n1', 'a', true],
        ['n2', 'a', true],
        ['n3', 'a', true],
      ],
    )
    assert.equal(
      led.map(({ leader }) => leader),
      homes([n1, n2, n3]),
    )
    assert.ok(led.every(({ replicas }) => replicas.length === 3 && replicas.every(({ lag }) => lag === 0)))
  }
  for (const { told } of [n1, n2, n3])
    assert.equal(
      told.map(({ node, isHealthy }) => [node, isHealthy]),
      [
        ['n1', true],
        ['n2', true],
        ['n3', true],
      ],
    )
})

test('a killed node is missed by all, and what it led is led by others', async () => {
  const [scene, n1, n2, n3] = await three()
  n1.kill()
  await scene.until(() => scene.isLedBy(n2, n3), 'the others lead all')
  assert.is(n2.told.find(({ node }) => node === 'n1')?.isHealthy, false)
  // It comes back as another process, and gets back what is its own.
  const [again] = await scene.start('n1')
  await scene.until(() => isAtHome([again!, n2, n3]) && scene.isLedBy(again!, n2, n3), 'all is at home')
})

test('a process that stood still finds itself deposed, and is a member again', async () => {
  const [scene, n1, n2, n3] = await three()
  n2.isStopped = true
  await scene.until(() => scene.isLedBy(n1, n3), 'the others lead all')
  n2.resume()
  // The shards of a real node are fenced by the log; the machine stops them as soon as it sees the table.
  await scene.until(() => isAtHome([n1, n2, n3]) && scene.isLedBy(n1, n2, n3), 'all is at home')
})

test('a node that is cut off raises no terms, and all others go on', async () => {
  const [scene, n1, n2, n3] = await three()
  const { revision } = scene.loopback.registry
  scene.loopback.wire.cut('n3', SERVERS)
  scene.loopback.wire.cut(SERVERS, 'n3')
  await scene.until(() => partitions.every(partition => n1.leads.has(partition) || n2.leads.has(partition)), 'the others lead all')
  assert.ok(scene.loopback.registry.revision > revision)
  await scene.pass(20_000)
  scene.loopback.heal()
  await scene.until(() => isAtHome([n1, n2, n3]) && scene.isLedBy(n1, n2, n3), 'all is at home')
})

test('people move a partition, at any node, and it stays', async () => {
  const [scene, n1, n2, n3] = await three()
  const [home] = homes([n1, n2, n3])
  const [to, asked] = ['n1', 'n2', 'n3'].filter(node => node !== home)
  const at = [n1, n2, n3].find(({ id }) => id === asked)!
  const before = scene.time.nowMs
  await scene.settle(at.member.failover(0, to!))
  assert.ok(scene.time.nowMs - before < memberLimits.heartbeatMs, 'without waiting for any tick')
  assert.ok([n1, n2, n3].find(({ id }) => id === to)!.leads.has(0))
  await scene.pass(30_000)
  const status = at.member.status().partitions[0]!
  assert.equal([status.leader, status.isPinned, status.isStarted], [to, true, true])
  // Asked again it is there already; asked for the one that leads, it is pinned.
  await scene.settle(at.member.failover(0, to!))
  await scene.settle(at.member.failover(0, home!))
  assert.is(n1.member.status().partitions[0]!.leader, home)
})

test('people want the node that leads: it stays, though another is preferred', async () => {
  const [scene, n1, n2, n3] = await three()
  const home = [n1, n2, n3].find(({ leads }) => leads.has(0))!
  home.kill()
  const others = [n1, n2, n3].filter(each => each !== home)
  await scene.until(() => scene.isLedBy(...others), 'the others lead all')
  const leader = others.find(({ leads }) => leads.has(0))!
  const before = scene.time.nowMs
  await scene.settle(leader.member.failover(0, leader.id))
  assert.ok(scene.time.nowMs - before < memberLimits.heartbeatMs)
  await scene.start(home.id)
  await scene.pass(30_000)
  assert.ok(leader.leads.has(0))
})

test('all at once', async () => {
  const [scene, n1, n2, n3] = await three()
  await scene.settle(n3.member.failover('all', 'n2'))
  assert.ok(partitions.every(partition => n2.leads.has(partition)))
  await scene.pass(20_000)
  assert.ok(partitions.every(partition => n1.member.status().partitions[partition]!.leader === 'n2'))
})

test('where a node can be asked is told to the others, and that it can not any more', async () => {
  const [scene, n1, n2] = await three()
  const seen = (): string | undefined => n2.told.find(({ node }) => node === 'n1')?.address
  await scene.settle(n1.member.advertise('http://shop-1:7070'))
  await scene.until(() => seen() === 'http://shop-1:7070', 'n2 knows the address')
  await scene.settle(n1.member.advertise(''))
  await scene.until(() => seen() === '', 'n2 knows that there is none')
})

test('a drained node leads nothing, over a restart too, until it is resumed', async () => {
  const [scene, n1, n2, n3] = await three()
  await scene.settle(n1.member.drain('n3'))
  assert.is(n3.leads.size, 0)
  await scene.until(() => scene.isLedBy(n1, n2), 'the others lead all')
  await fails(scene, n1.member.failover(0, 'n3'), 'BUSY')
  n3.kill()
  const [again] = await scene.start('n3')
  await scene.pass(20_000)
  assert.is(again!.leads.size, 0)
  assert.is(n1.member.status().members[2]!.isDraining, true)
  await scene.settle(n2.member.resume('n3'))
  await scene.until(() => isAtHome([n1, n2, again!]), 'all is at home')
})

test('commands that can not be done say why', async () => {
  const [scene, n1, n2, n3] = await three()
  await fails(scene, n1.member.failover(0, 'n9'), 'INVALID')
  await fails(scene, n1.member.failover(99, 'n2'), 'INVALID')
  await fails(scene, n1.member.drain('n9'), 'INVALID')
  n3.kill()
  await scene.until(() => scene.isLedBy(n1, n2), 'the others lead all')
  await fails(scene, n1.member.failover(0, 'n3'), 'UNREACHABLE')
  await fails(scene, n1.member.drain('n3'), 'UNREACHABLE')
  await scene.settle(n1.member.drain('n2'))
  await fails(scene, n2.member.drain('n1'), 'BUSY')
})

test('a partition that is stopped on a node is led by another', async () => {
  const [scene, n1, n2, n3] = await three()
  const leader = [n1, n2, n3].find(({ leads }) => leads.has(0))!
  const term = leader.leads.get(0)!
  leader.member.stopped(0, true)
  leader.leads.delete(0)
  leader.member.lost(0, term)
  await scene.until(() => scene.isLedBy(n1, n2, n3), 'another leads')
  assert.not.ok(leader.leads.has(0))
  leader.member.stopped(0, false)
  await scene.until(() => leader.leads.has(0), 'it is back')
})

test('a node that is behind is not asked to lead', async () => {
  const [scene, n1, n2, n3] = await three()
  for (const { member } of [n1, n2]) member.applied(0, 5_000)
  await scene.pass(2_000)
  assert.is(n1.member.status().partitions[0]!.replicas.find(({ node }) => node === 'n3')?.lag, 5_000)
  await fails(scene, n1.member.failover(0, 'n3'), 'BUSY')
  const asked = n1.member.failover(0, 'n3')
  await scene.pass(1_000)
  n3.member.applied(0, 4_900)
  await scene.settle(asked)
  await scene.settle(n1.member.failover(0, 'n1'))
  await scene.pass(2_000)
  await scene.settle(n1.member.failover(0, 'n3'))
})

test('stamps and readers of all are known everywhere', async () => {
  const [scene, n1, n2, n3] = await three()
  n1.member.sawStamp(7_000)
  n2.member.followAll(true)
  await scene.until(() => [n2, n3].every(({ stamps }) => stamps.includes(7_000)), 'all have heard of the stamp')
  await scene.until(() => [n1, n2, n3].every(({ isFollowed }) => isFollowed), 'all know that somebody reads all')
  n2.member.followAll(false)
  await scene.until(() => [n1, n2, n3].every(({ isFollowed }) => !isFollowed), 'and that nobody does')
})

test('a node that closes hands over first, and is silent then', async () => {
  const [scene, n1, n2, n3] = await three()
  const terms = scene.terms.size
  const before = scene.time.nowMs
  await scene.settle(n1.member.close())
  assert.is(n1.leads.size, 0)
  await scene.until(() => scene.isLedBy(n2, n3), 'the others lead all')
  assert.ok(scene.time.nowMs - before < memberLimits.deadlineMs, 'nobody had to miss it')
  await scene.pass(20_000)
  assert.ok(scene.isLedBy(n2, n3))
  assert.is(scene.terms.size, terms + homes([n1, n2, n3]).filter(node => node === 'n1').length)
  await scene.settle(n1.member.close())
})

test.run()
