/** Requests of a cluster's router: to whoever leads, here or elsewhere, stored once or not at all, in the order of calls. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { WINDOW_BYTES } from '../../actors/remote-port.ts'
import { isEventStoreError } from '../../event/error.ts'
import { append, type Fate, idsOf, LedScene, streamIn } from './led-scene.ts'
import { watched } from './shard-scene.ts'

test('a request goes to the leader, here or elsewhere, and both clocks are above the highest stamp', async () => {
  const scene = new LedScene(['n1', 'n2'])
  scene.elect(1, 'n2')
  scene.believe(1)
  scene.node('n1').stamps.see(9e12)
  const answers = [0, 1].map(partition => append(scene, 'n1', partition, 'x'))
  await scene.run(20)
  assert.equal(
    answers.map(({ state }) => state),
    ['answered', 'answered'],
  )
  assert.equal(
    scene.stored.map(list => list.map(({ node }) => node)),
    [['n1'], ['n2'], [], []],
  )
  assert.ok(scene.node('n2').stamps.last > 9e12)
  const back = append(scene, 'n2', 0, 'y')
  await scene.run(20)
  assert.is(back.state, 'answered')
  scene.stop()
})

test('a request larger than a message goes in pieces, one larger than the window alone, and all arrive whole', async () => {
  const scene = new LedScene(['n1', 'n2'], { limits: { eventBytes: 1 << 24, requestBytes: 1 << 24, mailboxBytes: 1 << 26 } })
  const sizes = [50, 600_000, 100, WINDOW_BYTES + 1000, 3_000_000, 7]
  const answers = sizes.map(size =>
    watched(scene.node('n2').router.append(streamIn(scene, 2), { type: 'a', data: new Uint8Array(size).fill(65) })),
  )
  await scene.run(200)
  assert.ok(answers.every(({ state }) => state === 'answered'))
  assert.equal(
    idsOf(scene, 2),
    sizes.map(size => (size > 40 ? String(size) : 'A'.repeat(size))),
  )
  scene.stop()
})

test('a request that met no leader is sent again when there is one, before those that were called later', async () => {
  const scene = new LedScene(['n1', 'n2', 'n3'])
  scene.elect(0, 'n2')
  const first = ['a', 'b', 'c'].map(id => append(scene, 'n3', 0, id))
  await scene.run(10)
  const later = ['d', 'e'].map(id => append(scene, 'n3', 0, id))
  await scene.run(100)
  assert.ok([...first, ...later].every(({ state }) => state === 'pending'))
  scene.believe(0)
  await scene.run(20)
  assert.ok([...first, ...later].every(({ state }) => state === 'answered'))
  assert.equal(idsOf(scene, 0), ['a', 'b', 'c', 'd', 'e'])
  scene.stop()
})

test('without a leader until the time is over the caller is told who it should be, and that nothing was stored', async () => {
  const scene = new LedScene(['n1', 'n2'], { limits: { commitTimeoutMs: 2000 } })
  scene.elect(3, 'n2')
  scene.node('n1').leaders.set(3, { node: 'n1', incarnation: 'n1-1', term: 7, address: 'http://127.0.0.1:7070' })
  const failed = scene.node('n1').router.append(streamIn(scene, 3), { type: 'a', data: 1 })
  const seen = failed.then(
    () => null,
    (error: unknown) => error,
  )
  await scene.run(2100, 20)
  const error = await seen
  assert.ok(isEventStoreError(error, 'NOT_LEADER'))
  assert.equal(error.details, { stream: streamIn(scene, 3), partition: 3, leader: 'n1', term: 7, address: 'http://127.0.0.1:7070' })
  scene.node('n1').leaders.set(2, null)
  const nobody = append(scene, 'n1', 2, 'x')
  await scene.run(2100, 20)
  assert.is(nobody.code, 'NOT_LEADER')
  assert.equal(scene.stored, [[], [], [], []])
  scene.stop()
})

test('what a former leader does not answer is unknown soon, and keeps nobody else waiting', async () => {
  const scene = new LedScene(['n1', 'n2', 'n3'])
  scene.asleep.add('n1')
  const lost = append(scene, 'n3', 0, 'lost')
  await scene.run(20)
  scene.node('n3').leaders.silent.add('n1')
  scene.elect(0, 'n2')
  scene.believe(0)
  const next = append(scene, 'n3', 0, 'next')
  await scene.run(80)
  assert.is(next.state, 'pending')
  await scene.run(70)
  assert.is(next.state, 'answered')
  assert.is(lost.state, 'pending')
  await scene.run(200)
  assert.is(lost.code, 'UNKNOWN_OUTCOME')
  assert.equal(idsOf(scene, 0), ['next'])
  scene.stop()
})

test('what a former leader does not answer is unknown soon, also when nothing comes behind it', async () => {
  const scene = new LedScene(['n1', 'n2', 'n3'])
  scene.elect(0, 'n2')
  scene.believe(0)
  scene.asleep.add('n2')
  const sent = append(scene, 'n1', 0, 'a')
  await scene.run(20)
  scene.node('n1').leaders.silent.add('n2')
  scene.elect(0, 'n3')
  scene.believe(0)
  await scene.run(3000)
  assert.is(sent.code, 'UNKNOWN_OUTCOME')
  scene.stop()
})

test('a leader that says nothing is sent nothing more, so that what waits is stored by the next one', async () => {
  const scene = new LedScene(['n1', 'n2', 'n3'])
  scene.network.fate = (from, subject) => (from === 'n1' || subject.startsWith('node.n1') ? 'lose' : 'pass')
  const lost = append(scene, 'n3', 0, 'lost')
  await scene.run(1000)
  const waits = append(scene, 'n3', 0, 'waits')
  await scene.run(100)
  scene.node('n3').leaders.silent.add('n1')
  scene.elect(0, 'n2')
  scene.believe(0)
  await scene.run(500)
  assert.is(waits.state, 'answered')
  await scene.run(2500)
  assert.is(lost.code, 'UNKNOWN_OUTCOME')
  scene.stop()
})

test('without a connection nothing was sent: it waits and is stored once there is one', async () => {
  const scene = new LedScene(['n1', 'n2'])
  scene.network.cut.add('n2')
  const cut = append(scene, 'n2', 0, 'x')
  await scene.run(300)
  assert.is(cut.state, 'pending')
  scene.network.cut.clear()
  await scene.run(100)
  assert.is(cut.state, 'answered')
  assert.equal(idsOf(scene, 0), ['x'])
  scene.stop()
})

test('what was sent to a process that is gone is unknown; the one that takes its place is sent what comes then', async () => {
  const scene = new LedScene(['n1', 'n2'])
  const before = append(scene, 'n2', 0, 'before')
  await scene.run(20)
  assert.is(before.state, 'answered')
  scene.asleep.add('n1')
  const taken = append(scene, 'n2', 0, 'taken')
  await scene.run(20)
  scene.network.fate = () => 'lose'
  scene.node('n1').restart()
  await scene.run(20)
  scene.network.fate = () => 'pass'
  scene.asleep.clear()
  scene.elect(0, 'n1')
  scene.believe(0)
  const after = append(scene, 'n2', 0, 'after')
  await scene.run(130)
  assert.is(after.state, 'answered')
  await scene.run(300)
  assert.is(taken.code, 'UNKNOWN_OUTCOME')
  assert.equal(idsOf(scene, 0), ['before', 'after'])
  scene.stop()
})

test('a worker that dies leaves what it had unknown; while there is none, requests wait', async () => {
  const scene = new LedScene(['n1'])
  scene.asleep.add('n1')
  const lost = append(scene, 'n1', 0, 'lost')
  scene.node('n1').entrances[0]!.detach()
  await scene.run(10)
  assert.is(lost.code, 'UNKNOWN_OUTCOME')
  const waits = append(scene, 'n1', 0, 'waits')
  await scene.run(200)
  assert.is(waits.state, 'pending')
  scene.asleep.clear()
  scene.node('n1').restart()
  await scene.run(50)
  assert.is(waits.state, 'answered')
  scene.stop()
})

test('more than a bound waits: BUSY', async () => {
  const scene = new LedScene(['n1'], { limits: { mailboxBytes: 2000 } })
  scene.node('n1').leaders.set(0, null)
  const answers = Array.from({ length: 40 }, (_, n) => append(scene, 'n1', 0, `x${n}`))
  await scene.run(10)
  const busy = answers.filter(({ code }) => code === 'BUSY').length
  assert.ok(busy > 10 && busy < 39)
  scene.believe(0)
  await scene.run(50)
  assert.is(answers.filter(({ state }) => state === 'answered').length, 40 - busy)
  scene.stop()
})

const names = ['n1', 'n2', 'n3']
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('append' as const), node: fc.constantFrom(...names), partition: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('elect' as const), node: fc.constantFrom(...names), partition: fc.nat(1) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('believe' as const), node: fc.constantFrom(...names), partition: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('run' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('late' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), node: fc.constantFrom(...names) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), node: fc.constantFrom(...names) }) },
)

test('whatever is lost, late or repeated, and whoever leads: what is answered is stored once and in order, what is refused is not stored', async () => {
  const fates = fc.infiniteStream(
    fc.oneof(
      { weight: 12, arbitrary: fc.constant<Fate>('pass') },
      { weight: 1, arbitrary: fc.constantFrom<Fate>('lose', 'twice', 'late') },
    ),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 90, size: 'max' }), fates, async (steps, stream) => {
      const scene = new LedScene(names, { partitions: 2 })
      scene.network.fate = () => stream.next().value
      const calls: { id: string; node: string; partition: number; seen: ReturnType<typeof watched> }[] = []
      for (const one of steps) {
        if (one.kind === 'append') {
          const { node, partition } = one
          const id = `${node}-${calls.length}`
          calls.push({ id, node, partition, seen: append(scene, node, partition, id) })
        } else if (one.kind === 'elect') scene.elect(one.partition, one.node)
        else if (one.kind === 'believe') scene.believe(one.partition, one.node)
        else if (one.kind === 'run') await scene.run(one.ms)
        else if (one.kind === 'late') for (const deliver of scene.network.late.splice(0).reverse()) deliver()
        else if (one.kind === 'restart') scene.restart(one.node)
        else if (!scene.network.cut.delete(one.node)) scene.network.cut.add(one.node)
      }
      // All is well again.
      scene.network.cut.clear()
      scene.network.fate = () => 'pass'
      for (const deliver of scene.network.late.splice(0)) deliver()
      for (const partition of [0, 1]) scene.believe(partition)
      await scene.run(11_500, 100)
      for (const { id, partition, seen } of calls) {
        const count = scene.stored[partition]!.filter(stored => stored.id === id).length
        if (seen.state === 'answered') assert.is(count, 1, `${id} was answered`)
        else if (seen.code === 'UNKNOWN_OUTCOME') assert.ok(count <= 1, `${id} is unknown`)
        else assert.is(`${count} ${seen.code}`, '0 NOT_LEADER', `${id} was refused`)
      }
      for (const node of names)
        for (const partition of [0, 1]) {
          const mine = calls.filter(call => call.node === node && call.partition === partition && call.seen.state === 'answered')
          const stored = idsOf(scene, partition).filter(id => mine.some(call => call.id === id))
          assert.equal(
            stored,
            mine.map(({ id }) => id),
            'the order of calls',
          )
        }
      const last = append(scene, 'n3', 0, 'last')
      await scene.run(600, 20)
      assert.is(last.state, 'answered')
      scene.stop()
    }),
    { numRuns: 60, seed: 8 },
  )
})

test.run()
