/** What members must bear: processes that should not be there, strangers, and bad weather between them. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { faultless, SERVERS } from '../../cluster/loopback.ts'
import { Member } from '../../cluster/member.ts'
import { encodeEnvelope, writeJson } from '../../cluster/wire.ts'
import { isEventStoreError } from '../../event/error.ts'
import { Random } from '../simulation/random.ts'
import { CLUSTER, fails, isAtHome, rejects, Scene, three } from './member-scene.ts'

test('an id that a running node has is refused', async () => {
  const [scene, n1] = await three()
  await fails(scene, scene.add('n1').member.start(), 'INCOMPATIBLE')
  await scene.pass(3_000)
  assert.is(n1.failure, undefined)
})

test('a process that stood still while another took its id stops', async () => {
  const [scene, n1, n2, n3] = await three()
  n1.isStopped = true
  const [other] = await scene.start('n1')
  await scene.until(() => isAtHome([other!, n2, n3]), 'the new process leads')
  n1.resume()
  await scene.until(() => n1.failure !== undefined, 'the old one stops')
  assert.ok(isEventStoreError(n1.failure, 'CLOSED'))
  assert.is(n1.leads.size, 0)
})

test('another format is refused while nodes of the old one run', async () => {
  const scene = new Scene()
  const [n1] = await scene.start('n1')
  await fails(scene, scene.add('n2', { format: 2 }).member.start(), 'INCOMPATIBLE')
  n1!.kill()
  await scene.settle(scene.add('n2', { format: 2 }).member.start())
})

test('what is no node of the cluster is counted, and nothing else', async () => {
  const [scene, n1] = await three()
  const { bus } = scene.loopback.node('stranger')
  const header = { cluster: CLUSTER, node: 'n2', incarnation: 'old', kind: 'heartbeat' }
  const heartbeat = writeJson({ format: 1, leads: [], ineligible: [], isDraining: false, followsAll: false, stamp: 9e12, applied: null })
  bus.publish('heartbeat', encodeEnvelope(header, heartbeat))
  bus.publish('heartbeat', encodeEnvelope({ ...header, cluster: 'bank-1' }, heartbeat))
  bus.publish('heartbeat', encodeEnvelope({ ...header, kind: 'heart' }, heartbeat))
  bus.publish('heartbeat', encodeEnvelope(header, writeJson({ format: 1 })))
  bus.publish('heartbeat', Uint8Array.of(1, 2, 3))
  bus.publish('heartbeat', encodeEnvelope(header, heartbeat).with(4, 9))
  bus.publish(
    'node.n1.term',
    encodeEnvelope({ ...header, kind: 'take' }, writeJson({ partition: 0, term: 1, revision: 1, isPinned: true })),
  )
  await scene.pass(1_000)
  assert.equal(n1.member.status().refused, { sender: 2, cluster: 1, kind: 1, body: 1, size: 1, version: 1 })
  assert.equal(n1.stamps, [])
})

test('bad weather: messages lost, late and twice, old reads, no answers; and all is well behind it', async () => {
  for (const seed of [1, 2, 3]) {
    const random = new Random(seed).float
    const scene = new Scene(random)
    const nodes = await scene.start('n1', 'n2', 'n3')
    const wire = { delayMs: [1, 80], lost: 0.1, twice: 0.1, late: 0.1, lateMs: 3_000, held: 0.5 } as const
    scene.loopback.faults = { wire, log: faultless.log, registry: { stale: 0.3, answerMs: 500 } }
    for (let spell = 0; spell < 6; spell++) {
      const { id } = nodes[Math.floor(random() * 3)]!
      const [from, to] = random() < 0.5 ? [id, SERVERS] : [SERVERS, id]
      scene.loopback.wire.cut(from, to)
      await scene.pass(random() * 8_000)
      scene.loopback.wire.mendAll()
      await scene.pass(random() * 8_000)
    }
    scene.loopback.heal()
    await scene.until(() => isAtHome(nodes) && scene.isLedBy(...nodes), `all is at home, seed ${seed}`)
  }
})

test('a registry that does not answer is not joined', async () => {
  const scene = new Scene()
  scene.loopback.stall()
  await fails(scene, scene.add('n1').member.start(), 'UNREACHABLE')
})

test('ids are checked', () => {
  const scene = new Scene()
  assert.throws(() => scene.add('a.b'), rejects('INVALID'))
  assert.ok(scene.add('a-b').member instanceof Member)
})

test.run()
