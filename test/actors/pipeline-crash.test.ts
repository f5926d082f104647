/** The pipeline actor dies at every point where it could: what is seen afterwards is what is seen without. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PipelineActor } from '../../actors/pipeline.ts'
import { type EpochWrite, StateWriter } from '../../actors/state-writer.ts'
import { dropTopology, readTopologyRow } from '../../store/state.ts'
import { END, hasEnded, runToEnd, seen, worldOf } from './counts-world.ts'
import { type StandInOptions, type StandInWorld, startPipeline } from './pipeline-stand-ins.ts'

const plain = worldOf()
await runToEnd(plain)
const expected = seen(plain)

test('gives the same when it is stopped and started again and again', async () => {
  for (const commit of [true, false]) {
    const world = worldOf()
    for (let start = 1; start < 8 && !hasEnded(world); start++) {
      const actor = await startPipeline(world, { incarnation: start, pageRows: 3 + start, ...END })
      await new Promise(resolve => setTimeout(resolve, start))
      await actor.stop({ commit })
    }
    await runToEnd(world)
    assert.equal(seen(world), expected)
  }
})

/** A process that dies at the n-th time it comes to a point: nothing after it happens, what was written stays. */
class Crash {
  left: number
  readonly #point: string
  isDead = false
  readonly died: Promise<void>
  #die!: () => void

  constructor(point: string, left: number) {
    this.#point = point
    this.left = left
    this.died = new Promise(resolve => (this.#die = resolve))
  }

  at(point: string): Promise<void> {
    if (point === this.#point && --this.left === 0) {
      this.isDead = true
      this.#die()
    }
    return this.isDead ? new Promise<never>(() => undefined) : Promise.resolve()
  }
}

async function crashAt(world: StandInWorld, point: string, times: number, options: StandInOptions = {}): Promise<boolean> {
  const crash = new Crash(point, times)
  const inner = new StateWriter(world.store)
  const writer = {
    begin: (topology: string, incarnation: number) => inner.begin(topology, incarnation),
    drop: (topology: string) => inner.drop(topology),
    async write(epoch: EpochWrite) {
      await crash.at('before write')
      await inner.write(epoch)
      await crash.at('after write')
    },
  }
  const appendOutbox: typeof world.log.append = async request => {
    await crash.at('before append')
    const answer = await world.log.append(request)
    await crash.at('after append')
    return answer
  }
  const actor: PipelineActor = await startPipeline(world, { ...END, writer, appendOutbox, ...options })
  const ended = await Promise.race([actor.done.then(() => true), crash.died.then(() => false)])
  if (!ended) void actor.stop({ commit: false })
  return ended
}

for (const point of ['before write', 'after write', 'before append', 'after append']) {
  test(`loses nothing and doubles nothing when it dies ${point}`, async () => {
    for (const times of [1, 2, 3, 7]) {
      const world = worldOf()
      for (let life = 0; life < 40 && !hasEnded(world); life++) if (await crashAt(world, point, times, { pageRows: 5 + times })) break
      await runToEnd(world)
      assert.equal(seen(world), expected, `${point}, ${times}`)
    }
  })
}

test('folded again from the start, it sends only what the log does not hold', async () => {
  for (const times of [1, 5, 9, 20]) {
    const world = worldOf()
    await crashAt(world, 'after append', times, { pageRows: 11 })
    const before = world.log.outputs.length
    assert.ok(before > 0)
    dropTopology(world.store, 'counts')
    assert.is(world.store.rows.size, 0)
    await crashAt(world, 'after append', 2, { pageRows: 150, isRepeating: true })
    if (!readTopologyRow(world.store, 'counts')) continue
    assert.not(hasEnded(world))
    await runToEnd(world, { pageRows: 100 })
    assert.equal(seen(world), expected)
  }
})

test('a pipeline that was taken over from can write no more', async () => {
  const world = worldOf()
  const writer = new StateWriter(world.store)
  const old = await startPipeline(world, { writer, incarnation: 1, epochMs: 0 })
  await runToEnd(world, { writer, incarnation: 2 })
  const outcome = await old.done
  assert.is(outcome.status === 'failed' && outcome.error.code, 'CLOSED')
  assert.equal(seen(world), expected)
})

test.run()
