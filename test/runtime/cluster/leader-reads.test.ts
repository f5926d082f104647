/** Reads at the level of the leader: who is asked, what is waited for, and what is said when nobody can tell. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Bus } from '../../../cluster/bus.ts'
import { envelopesOf } from '../../../cluster/envelopes.ts'
import { EventStoreError, isEventStoreError } from '../../../event/error.ts'
import { limitsWith } from '../../../event/limits.ts'
import { StampClock } from '../../../event/stamp.ts'
import type { Confirmed } from '../../../runtime/cluster/confirm-queue.ts'
import { LeaderReads } from '../../../runtime/cluster/leader-reads.ts'
import { SharedHorizon } from '../../../store/log/horizon.ts'
import { BelievedLeaders } from '../../actors/led-scene.ts'
import { ManualTime } from '../../actors/manual-time.ts'
import { deferred, settle, watched } from '../../actors/shard-scene.ts'

type Asked = (bytes: Uint8Array) => Promise<Uint8Array>

const PARTITIONS = 4

function scene(commitTimeoutMs = 5000) {
  const time = new ManualTime()
  const answering = new Map<string, Asked>()
  const open = (name: string) => {
    const bus: Bus = {
      publish: () => undefined,
      subscribe: (subject, received) => {
        answering.set(subject, bytes => new Promise(resolve => received({ subject, bytes, reply: resolve })))
        return () => void answering.delete(subject)
      },
      request: (subject, bytes) =>
        answering.get(subject)?.(bytes) ?? Promise.reject(new EventStoreError('UNREACHABLE', 'nobody listens', { subject })),
      isConnected: true,
      close: async () => undefined,
    }
    const leaders = new BelievedLeaders(name)
    const sequences = new Map<number, number>()
    const horizon = new SharedHorizon()
    const stamps = new StampClock(0, time)
    /** Questions that came to this node's shards, each with what answers it. */
    const questions: { partitions: readonly number[]; answer: (confirmed: Confirmed[] | Error) => void }[] = []
    const reads = new LeaderReads({
      leaders,
      confirm: partitions => {
        const { promise, resolve, reject } = deferred<Confirmed[]>()
        questions.push({ partitions, answer: given => (given instanceof Error ? reject(given) : resolve(given)) })
        return promise
      },
      bus,
      envelopes: envelopesOf(
        { cluster: 'c', node: name, incarnation: `${name}-1` },
        () => undefined,
        () => true,
      ),
      stamps,
      view: { partitions: PARTITIONS, sequenceOf: partition => sequences.get(partition) ?? 0, horizon },
      limits: limitsWith({ commitTimeoutMs }),
      clock: time,
      timers: time,
    })
    return { leaders, sequences, horizon, stamps, questions, reads }
  }
  const [n1, n2] = [open('n1'), open('n2')]
  const lead = (partition: number, node: string, term = 1): void => {
    for (const { leaders } of [n1, n2]) leaders.set(partition, { node, incarnation: `${node}-1`, term })
  }
  for (let partition = 0; partition < PARTITIONS; partition++) lead(partition, 'n1')
  const run = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 5) {
      await settle()
      time.move(5)
    }
    await settle()
  }
  return { n1, n2, lead, run, answering }
}

const at = (partition: number, sequence: number, stamp = 0): Confirmed => ({ partition, sequence, stamp })

test('reads that come while a leader is asked go into one next question, which begins after they came', async () => {
  const { n1 } = scene()
  const first = [0, 1].map(partition => watched(n1.reads.leader([partition])))
  await settle()
  assert.equal(
    n1.questions.map(({ partitions }) => partitions),
    [[0, 1]],
  )
  const later = [1, 2, 2].map(partition => watched(n1.reads.leader([partition])))
  await settle()
  assert.is(n1.questions.length, 1)
  n1.questions[0]!.answer([at(0, 0), at(1, 0)])
  await settle()
  assert.ok(first.every(({ state }) => state === 'answered'))
  assert.ok(later.every(({ state }) => state === 'pending'))
  assert.equal(n1.questions[1]!.partitions, [1, 2])
  n1.questions[1]!.answer([at(1, 0), at(2, 0)])
  await settle()
  assert.ok(later.every(({ state }) => state === 'answered'))
  n1.reads.stop()
})

test('a leader elsewhere is asked, and the read waits until this node has what it had', async () => {
  const { n1, n2, run } = scene()
  n2.stamps.see(9e12)
  const read = watched(n2.reads.leader([3]))
  await settle()
  assert.equal(n1.questions[0]!.partitions, [3])
  assert.ok(n1.stamps.last >= 9e12)
  n1.questions[0]!.answer([at(3, 7, 50)])
  n2.sequences.set(3, 6)
  await run(100)
  assert.is(read.state, 'pending')
  n2.sequences.set(3, 7)
  await run(100)
  assert.is(read.state, 'answered')
  n1.reads.stop()
  n2.reads.stop()
})

test('a read of all waits until the order of all has passed every partition', async () => {
  const { n1, n2, lead, run } = scene()
  lead(2, 'n2')
  const read = watched(n1.reads.leader('all'))
  await settle()
  assert.equal(
    [...n1.questions, ...n2.questions].map(({ partitions }) => partitions),
    [[0, 1, 3], [2]],
  )
  n1.questions[0]!.answer([at(0, 1, 10), at(1, 1, 20), at(3, 1, 5)])
  n2.questions[0]!.answer([at(2, 2, 90)])
  for (const [partition, sequence] of [1, 1, 2, 1].entries()) n1.sequences.set(partition, sequence)
  await run(10)
  // Leaders whose partitions end at a lower stamp have seen the highest by now, and close them above it.
  assert.equal(n1.questions[1]?.partitions, [0, 1, 3])
  assert.ok(n1.stamps.last >= 90)
  n1.questions[1]!.answer([at(0, 1, 95), at(1, 1, 95), at(3, 1, 95)])
  n1.horizon.set(90)
  await run(100)
  assert.is(read.state, 'pending')
  n1.horizon.set(91)
  await run(100)
  assert.is(read.state, 'answered')
  n1.reads.stop()
  n2.reads.stop()
})

test('who does not lead any more is not believed: the next leader is asked', async () => {
  const { n1, n2, lead, run, answering } = scene()
  const read = watched(n1.reads.leader([0, 1]))
  await settle()
  n1.questions[0]!.answer([at(1, 0)])
  await settle()
  assert.is(read.state, 'pending')
  lead(0, 'n2', 2)
  await settle()
  assert.equal(
    n2.questions.map(({ partitions }) => partitions),
    [[0]],
  )
  n2.questions[0]!.answer(new Error('it went away'))
  await run(60)
  const asked = n2.questions.at(-1)!
  assert.ok(n2.questions.length > 1)
  asked.answer([at(0, 0)])
  await run(60)
  assert.is(read.state, 'answered')
  answering.set('node.n2.confirm', async () => new TextEncoder().encode('noise'))
  const refused = watched(n1.reads.leader([0]))
  await run(5100)
  assert.is(refused.code, 'UNREACHABLE')
  n1.reads.stop()
  n2.reads.stop()
})

test('when the time is over the error says who should lead, or that nobody answers', async () => {
  const { n1, n2, run, lead } = scene(1000)
  const failed = n1.reads.leader([2]).catch((error: unknown) => error)
  await settle()
  for (let at = 0; at < 1200; at += 50) {
    for (const { answer } of n1.questions) answer([])
    await run(50)
  }
  const error = await failed
  assert.ok(isEventStoreError(error, 'NOT_LEADER'))
  assert.equal(error.details, { partition: 2, leader: 'n1', term: 1 })
  lead(2, 'n9')
  const unreachable = watched(n1.reads.leader([2]))
  await run(1100)
  assert.is(unreachable.code, 'UNREACHABLE')
  n1.leaders.set(2, null)
  const nobody = watched(n1.reads.leader([2]))
  await run(1100)
  assert.is(nobody.code, 'NOT_LEADER')
  const silent = watched(n1.reads.leader([0]))
  await run(2200)
  assert.is(silent.code, 'UNREACHABLE')
  const behind = watched(n2.reads.leader([1]))
  await settle()
  n1.questions.at(-1)!.answer([at(1, 5)])
  await run(1100)
  assert.is(behind.code, 'UNREACHABLE')
  n1.reads.stop()
  n2.reads.stop()
})

test.run()
