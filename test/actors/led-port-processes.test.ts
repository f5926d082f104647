/** Requests of a cluster's router where processes end and others take their place: nothing is stored twice, and no answer goes to another's request. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { append, idsOf } from './led-requests-scene.ts'
import { LedScene } from './led-scene.ts'

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

test.run()
