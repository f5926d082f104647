/** Directed schedules of requests that nodes send each other, and of what is answered. */
import assert from 'node:assert/strict'
import { append, idsOf, LedScene, streamIn } from '../actors/led-scene.ts'
import { watched } from '../actors/shard-scene.ts'
import type { Schedule } from './schedule.ts'

type SceneOptions = ConstructorParameters<typeof LedScene>[1]

const forward = (name: string, run: (scene: LedScene) => Promise<void>, options?: SceneOptions): Schedule => ({
  name,
  run: async () => {
    const scene = new LedScene(['n1', 'n2', 'n3'], options)
    try {
      await run(scene)
    } finally {
      scene.stop()
    }
  },
})

const roomy: SceneOptions = { limits: { eventBytes: 1 << 24, requestBytes: 1 << 24, mailboxBytes: 1 << 26 } }

export const forwardSchedules: readonly Schedule[] = [
  forward('behind a request that was refused those sent with it are refused', async scene => {
    const { network } = scene
    const known = append(scene, 'n2', 0, 'known')
    await scene.run(20)
    assert.equal(known.state, 'answered')
    scene.elect(0, 'n3')
    network.fate = (_from, subject) => (subject.endsWith('.appended') ? 'late' : 'pass')
    const first = append(scene, 'n2', 0, 'a')
    await scene.run(20)
    network.fate = () => 'late'
    const second = append(scene, 'n2', 0, 'b')
    await scene.run(20)
    // The node that refused the first leads when the second comes.
    scene.elect(0, 'n1')
    network.fate = () => 'pass'
    for (const deliver of network.late.splice(0).reverse()) deliver()
    await scene.run(500)
    assert.deepEqual([first.state, second.state], ['answered', 'answered'])
    assert.deepEqual(idsOf(scene, 0), ['known', 'a', 'b'])
  }),
  forward(
    'a request that was sent and is not answered in time is unknown',
    async scene => {
      scene.asleep.add('n1')
      const sent = append(scene, 'n2', 0, 'a')
      await scene.run(2_100, 20)
      assert.equal(sent.code, 'UNKNOWN_OUTCOME')
    },
    { limits: { commitTimeoutMs: 2_000 } },
  ),
  forward('a former leader that is there is waited for, so that nothing is passed over while it hands over', async scene => {
    scene.asleep.add('n1')
    const first = append(scene, 'n3', 0, 'first')
    await scene.run(20)
    scene.elect(0, 'n2')
    scene.believe(0)
    const next = append(scene, 'n3', 0, 'next')
    await scene.run(1_500)
    assert.equal(next.state, 'pending')
    await scene.run(600)
    assert.equal(next.state, 'answered')
    await scene.run(2_100)
    assert.equal(first.code, 'UNKNOWN_OUTCOME')
  }),
  forward(
    'a word about messages that are missing ends one session and no other',
    async scene => {
      let lost = 1
      scene.network.fate = (_from, subject) => (subject === 'node.n1.append' && lost-- > 0 ? 'lose' : 'pass')
      const first = append(scene, 'n2', 0, 'a')
      await scene.run(10)
      // Several messages at once, and so as many words that one is missing.
      const data = new Uint8Array(1_200_000).fill(65)
      const large = watched(scene.node('n2').router.append(streamIn(scene, 0), { type: 'a', data }))
      await scene.run(500)
      assert.deepEqual([first.state, large.state], ['answered', 'answered'])
      assert.deepEqual(idsOf(scene, 0), ['a', String(data.length)])
    },
    roomy,
  ),
  forward('a late word of a process that ended changes nothing for the one in its place', async scene => {
    const { network } = scene
    network.fate = from => (from === 'n1' ? 'late' : 'pass')
    const before = append(scene, 'n2', 0, 'a')
    await scene.run(20)
    network.fate = () => 'pass'
    scene.restart('n1')
    scene.believe(0)
    const between = append(scene, 'n2', 0, 'b')
    await scene.run(200)
    assert.equal(between.state, 'answered')
    for (const deliver of network.late.splice(0)) deliver()
    const after = append(scene, 'n2', 0, 'c')
    await scene.run(200)
    assert.equal(after.state, 'answered')
    assert.equal(before.code, 'UNKNOWN_OUTCOME')
    assert.deepEqual(idsOf(scene, 0), ['a', 'b', 'c'])
  }),
  forward('requests for a process that others have taken the place of keep numbers of their own', async scene => {
    const { network } = scene
    network.fate = from => (from === 'n1' ? 'late' : 'pass')
    append(scene, 'n2', 0, 'a')
    await scene.run(20)
    network.fate = () => 'pass'
    scene.restart('n1')
    scene.believe(0, 'n2')
    append(scene, 'n2', 0, 'b')
    await scene.run(200)
    // It is not known yet that nobody leads this one.
    const lost = append(scene, 'n2', 1, 'c')
    await scene.run(20)
    for (const deliver of network.late.splice(0)) deliver()
    await scene.run(20)
    assert.deepEqual([lost.state, idsOf(scene, 1)], ['pending', []])
  }),
  forward('what a process had asked is not answered to the one that takes its place', async scene => {
    scene.asleep.add('n1')
    const before = ['a', 'b', 'c'].map(id => append(scene, 'n2', 0, id))
    await scene.run(20)
    scene.reopen('n2')
    scene.asleep.delete('n1')
    const after = ['d', 'e'].map(id => append(scene, 'n2', 0, id))
    await scene.run(20)
    assert.deepEqual(idsOf(scene, 0), ['a', 'b', 'c', 'd', 'e'])
    assert.deepEqual(
      after.map(({ answer }) => (answer as { version: number } | undefined)?.version),
      [4, 5],
    )
    assert.ok(before.every(({ state }) => state !== 'answered'))
  }),
]
