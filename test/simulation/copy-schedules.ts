/** Directed schedules of copies: what does not follow stops them, what is missing they fetch. */
import assert from 'node:assert/strict'
import { crc32 } from 'node:zlib'
import type { RecordHead } from '../../cluster/record.ts'
import { type Schedule, schedule } from './schedule.ts'
import { P, type Scene } from './scene.ts'

/** A record that does not follow what a replica has stops it; `stops` listens before the record comes. */
const misfit = (name: string, why: RegExp, forged: (scene: Scene) => [Partial<RecordHead>, (readonly Uint8Array[])?]): Schedule =>
  schedule(name, async scene => {
    await scene.oneCopied()
    const stopped = scene.stops(scene.n2, why)
    scene.forge(...forged(scene))
    await stopped
  })

/** A whole block of the first event, as if it were of another one. */
const asSequence =
  (sequence: number) =>
  (block: Uint8Array): Uint8Array => {
    const forged = Buffer.from(block)
    forged.writeDoubleLE(sequence, 32)
    forged.writeUInt32LE(crc32(forged.subarray(8)), 4)
    return forged
  }

export const copySchedules: readonly Schedule[] = [
  misfit('a record of another cluster', /another cluster/, () => [{ cluster: 'ffffffffffffffff' }]),
  misfit('a record behind another one', /was not written behind/, () => [{ previous: 1 }]),
  misfit('a record of a term that did not begin', /of term/, () => [{ term: 99 }]),
  misfit('a record that goes back in time', /back in time/, () => [{ stamp: 1 }]),
  misfit('blocks that do not follow', /does not follow/, scene => [
    { kind: 'blocks', sequence: 2 },
    scene.records.find(({ blocks }) => blocks.length > 0)!.blocks,
  ]),
  misfit('blocks of another history', /does not follow/, scene => [
    { kind: 'blocks', sequence: 2 },
    scene.records.flatMap(({ blocks }) => blocks).map(asSequence(2)),
  ]),
  misfit('another record where one was taken', /another record/, scene => {
    const { index, crc } = scene.records.at(-1)!
    return [{ index, previous: crc }]
  }),
  misfit('a repair behind other events', /other events/, () => [{ kind: 'repaired', index: 2 ** 30, term: 9, previous: 1 }]),
  schedule('a repair behind more events than a copy has is fetched', async scene => {
    await scene.oneCopied()
    scene.forge({ kind: 'repaired', index: 2 ** 30, term: 9, sequence: 7 })
    await scene.until(() => scene.role(scene.n2) === 'behind', 'it is known that events are missing')
  }),
  schedule('a copy that is stopped takes nothing more', async scene => {
    await scene.oneCopied()
    const { index, crc } = scene.records.at(-1)!
    const stopped = scene.stops(scene.n2, /not written behind/)
    scene.forge({ previous: 1 })
    await stopped
    scene.forge({ index: index + 1, previous: crc })
    await scene.world.time.until(() => false, 2_000)
    assert.equal(scene.role(scene.n2), 'stopped')
    assert.equal(scene.of(scene.n2).replicas.indexOf(P), index)
  }),
  schedule('an exchanged machine gets from others what the log has forgotten', async scene => {
    await scene.lead(scene.n1)
    for (let i = 0; i < 5; i++) await scene.appended(scene.n1, `s-${i}`, { producer: 'import', producerSequence: i + 1 })
    await scene.taken(scene.n2)
    assert.ok(scene.world.exchange(scene.n2))
    scene.world.start(scene.n2)
    await scene.taken(scene.n2)
    await scene.until(() => scene.role(scene.n2) === 'following', 'it is whole again')
    await scene.appended(scene.n1)
    await scene.taken(scene.n2)
    await scene.lead(scene.n2)
    const again = scene.append(scene.n2, 's-4', { producer: 'import', producerSequence: 5 })
    assert.equal(await scene.answer(again), 'duplicate')
    assert.deepEqual(scene.of(scene.n2).all(), scene.of(scene.n1).all())
  }),
  schedule('a hole is not passed over', async scene => {
    await scene.oneCopied()
    const { index } = scene.records.at(-1)!
    scene.forge({ index: index + 5 })
    await scene.until(() => scene.role(scene.n2) === 'behind', 'it is known that records are missing')
    assert.equal(scene.of(scene.n2).replicas.indexOf(P), index)
  }),
]
