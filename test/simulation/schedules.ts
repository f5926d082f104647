/**
 * Directed schedules: what random seeds seldom make, step by step. Each throws when what must come of it does not; run as they are by a test, and over
 * mutants by `npm run simulate -- --mutants`.
 */
import assert from 'node:assert/strict'
import { TrimMarks } from '../../actors/replication/trim-marks.ts'
import type { Place } from '../../event/position.ts'
import { LogReader } from '../../store/log/log-reader.ts'
import { WrittenLog } from '../store/log/writing.ts'
import { copySchedules } from './copy-schedules.ts'
import { forwardSchedules } from './forward-schedules.ts'
import { type Schedule, schedule } from './schedule.ts'
import { P } from './scene.ts'

export const schedules: readonly Schedule[] = [
  schedule('a spurious conflict is no answer', async scene => {
    await scene.lead(scene.n1)
    scene.once(scene.n1, async () => ({ kind: 'conflict' }))
    await scene.appended(scene.n1)
    assert.equal(scene.role(scene.n1), 'leading')
  }),
  schedule('an append that landed without an answer is found', async scene => {
    await scene.lead(scene.n1)
    scene.once(scene.n1, append => append().then(() => ({ kind: 'unknown', reason: 'no answer' })))
    await scene.appended(scene.n1)
    await scene.appended(scene.n1)
    assert.equal(scene.of(scene.n1).view.sequenceOf(P), 2)
  }),
  schedule('an append that another leader overtook was not made', async scene => {
    await scene.lead(scene.n1)
    const go = scene.held(scene.n1, (append, gone) => gone.then(append))
    const told = scene.append(scene.n1)
    await scene.until(() => scene.of(scene.n1).router.pending === 1, 'the append is under way')
    await scene.lead(scene.n2)
    go()
    assert.equal(await scene.answer(told), 'NOT_LEADER')
    await scene.appended(scene.n2)
    assert.equal(scene.of(scene.n2).view.sequenceOf(P), 1)
  }),
  schedule('an append that landed before another leader was made', async scene => {
    await scene.lead(scene.n1)
    const go = scene.held(scene.n1, async (append, gone) => {
      await append()
      await gone
      return { kind: 'unknown', reason: 'no answer' }
    })
    const told = scene.append(scene.n1)
    await scene.until(() => scene.records.length === 2, 'the append has landed')
    await scene.lead(scene.n2)
    go()
    assert.equal(await scene.answer(told), 'ok')
  }),
  schedule('what can not be found out is unknown', async scene => {
    await scene.lead(scene.n1)
    scene.once(scene.n1, async append => {
      const { log } = scene.of(scene.n1).node
      await append()
      log.last = () => Promise.reject(new Error('nobody answers'))
      scene.log(scene.n1).append = async () => ({ kind: 'unknown', reason: 'no answer' })
      return { kind: 'unknown', reason: 'no answer' }
    })
    scene.cut(scene.n1)
    const told = scene.append(scene.n1)
    assert.equal(await scene.answer(told), 'UNKNOWN_OUTCOME')
  }),
  schedule('a reader of a leader is not answered by one that is none any more', async scene => {
    await scene.lead(scene.n1)
    scene.cut(scene.n1)
    await scene.lead(scene.n2)
    const told = scene.confirm(scene.n1)
    await scene.world.time.until(() => told.answer !== null, 4_000)
    assert.notEqual(told.answer, 'confirmed')
  }),
  schedule('a refusal is not about the past', async scene => {
    await scene.lead(scene.n1)
    await scene.appended(scene.n1)
    scene.cut(scene.n1)
    await scene.lead(scene.n2)
    await scene.appended(scene.n2)
    const told = scene.append(scene.n1, 's', { expectedVersion: 2 })
    await scene.world.time.until(() => told.outcome !== null, 10_000)
    assert.notEqual(told.outcome, 'WRONG_EXPECTED_VERSION')
  }),
  schedule('a term that another has passed is not opened', async scene => {
    await scene.lead(scene.n1)
    await scene.taken(scene.n2)
    scene.cut(scene.n2)
    await scene.lead(scene.n1, 5)
    await scene.appended(scene.n1)
    scene.world.cluster.heal()
    scene.of(scene.n2).time.after(0, () => scene.of(scene.n2).shardOf(P).replication.lead(P, 4, 4_000))
    await scene.world.time.until(() => false, 6_000)
    assert.deepEqual(new Set(scene.records.map(({ term }) => term)), new Set([1, 5]))
    assert.notEqual(scene.role(scene.n2), 'stopped')
  }),
  schedule('who resigns takes nothing more', async scene => {
    await scene.lead(scene.n1)
    const { replication } = scene.of(scene.n1).shardOf(P)
    replication.resign(P)
    const told = scene.append(scene.n1)
    assert.equal(await scene.answer(told), 'NOT_LEADER')
  }),
  schedule('what is acknowledged is on the disk of its leader', async scene => {
    await scene.lead(scene.n1)
    await scene.appended(scene.n1)
    const { index } = scene.records.at(-1)!
    scene.world.crash(scene.n1)
    scene.world.start(scene.n1)
    assert.equal(scene.of(scene.n1).replicas.indexOf(P), index)
    assert.equal(scene.of(scene.n1).view.sequenceOf(P), 1)
  }),
  schedule('what a replica has taken it knows after a crash', async scene => {
    await scene.oneCopied()
    scene.world.crash(scene.n2)
    scene.world.start(scene.n2)
    assert.equal(scene.of(scene.n2).replicas.indexOf(P), scene.records.at(-1)!.index)
    assert.notEqual(scene.role(scene.n2), 'behind')
  }),
  schedule('the last record of a partition is never forgotten', async scene => {
    await scene.oneCopied()
    const { log } = scene.world.cluster
    log.trim(P, log.messagesOf(P).at(-1)!.sequence + 1)
    await scene.lead(scene.n2)
    await scene.appended(scene.n2)
    await scene.until(() => scene.of(scene.n1).view.sequenceOf(P) === 2, 'the other follows')
  }),
  schedule('a log that ends before what a replica has stops the partition', async scene => {
    await scene.oneCopied()
    scene.world.cluster.log.loseTail(P, 1)
    const stopped = scene.stops(scene.n2, /ends at record/)
    scene.of(scene.n2).time.after(0, () => scene.of(scene.n2).shardOf(P).replication.lead(P, 9, 4_000))
    await stopped
  }),
  schedule('a term begins above all stamps of the one before', async scene => {
    await scene.lead(scene.n1)
    scene.n1.clock.skewMs = 60_000
    await scene.appended(scene.n1)
    const { stamp } = scene.records.at(-1)!
    await scene.lead(scene.n2)
    assert.ok(scene.records.at(-1)!.stamp > stamp)
    await scene.appended(scene.n2)
    assert.ok(scene.records.at(-1)!.stamp > stamp)
  }),
  schedule('a leader read is proven by an append that began behind it', async scene => {
    await scene.lead(scene.n1)
    const go = scene.held(scene.n1, async (append, gone) => {
      const answer = await append()
      await gone
      return answer
    })
    scene.confirm(scene.n1)
    await scene.until(() => scene.records.length === 2, 'the append of an earlier read has landed')
    scene.cut(scene.n1)
    await scene.lead(scene.n2)
    await scene.appended(scene.n2)
    const told = scene.confirm(scene.n1)
    scene.of(scene.n1).time.after(0, go)
    await scene.world.time.until(() => told.answer !== null, 4_000)
    assert.notEqual(told.answer, 'confirmed')
  }),
  schedule('requests wait for the first record of a term to be on disk', async scene => {
    await scene.oneCopied()
    const { replication } = scene.of(scene.n2).shardOf(P)
    const disk = scene.n2.disks[0]!
    scene.of(scene.n2).time.after(0, () => replication.lead(P, 2, 4_000))
    await scene.until(() => scene.records.at(-1)!.term === 2, 'the record is in the log')
    const { writes } = disk
    assert.equal(replication.leads(P), false)
    await scene.until(() => replication.leads(P), 'it leads')
    assert.ok(disk.writes > writes)
  }),
  ...copySchedules,
  ...forwardSchedules,
  {
    name: 'who reads from a position misses nothing behind a closing',
    run: async () => {
      const log = new WrittenLog({ limits: { segmentEntries: 8, requestEvents: 4 }, closes: true })
      for (let i = 0; i < 60; i++) {
        log.append(`s-${(i * i) % 11}`, [{ type: 'noted', data: i }])
        log.commit()
      }
      const placesAfter = (after?: Place): Place[] => {
        const reader = new LogReader(log.view, { pageRows: 1, ...(after && { after }) })
        const places: Place[] = []
        while (reader.next()) places.push(reader.position)
        return places
      }
      const all = placesAfter()
      assert.equal(all.length, 60)
      for (const [i, place] of all.entries()) assert.deepEqual(placesAfter(place), all.slice(i + 1))
    },
  },
  {
    name: 'what a replica lacks, and a margin, is not trimmed',
    run: async () => {
      const MiB = 1024 * 1024
      const marks = new TrimMarks()
      for (let i = 1; i <= 100; i++) marks.took(i, i * 10, MiB)
      assert.equal(marks.before(10), 100)
      assert.equal(marks.before(100), 840)
    },
  },
]
