/** Virtual time, the time of a process, and seeded chance. */
import assert from 'node:assert/strict'
import { test } from 'uvu'
import { sleep } from '../../event/timers.ts'
import { MachineClock, ProcessTime } from './process-time.ts'
import { Random } from './random.ts'
import { VirtualTime } from './virtual-time.ts'

test('events happen in order of time, those of one moment in the order they were planned, and stopped ones never', async () => {
  const time = new VirtualTime()
  const said: string[] = []
  for (const [name, ms] of [
    ['c', 20],
    ['a', 10],
    ['b', 10],
    ['never', 15],
  ] as const) {
    const stop = time.after(ms, () => said.push(`${name}@${time.nowMs}`))
    if (name === 'never') stop()
  }
  while (await time.step());
  assert.deepEqual(said, ['a@10', 'b@10', 'c@20'])
})

test('everything that follows at once from an event happens before the next', async () => {
  const time = new VirtualTime()
  const said: string[] = []
  const chain = async (): Promise<void> => {
    for (let i = 0; i < 50; i++) await Promise.resolve()
    said.push('followed')
    await sleep(time, 5)
    said.push('slept')
  }
  time.after(1, () => void chain())
  time.after(1, () => said.push('next'))
  assert.equal(await time.until(() => said.includes('slept'), 100), true)
  assert.deepEqual(said, ['followed', 'next', 'slept'])
  assert.equal(time.nowMs, 6)
  assert.equal(await time.until(() => false, 50), false)
  assert.equal(time.nowMs, 56)
})

test('a stopped process does what was due when it goes on; one that is over does nothing', async () => {
  const time = new VirtualTime()
  const machine = new MachineClock(time, new Random(1))
  const one = new ProcessTime(machine, new Random(2))
  const two = new ProcessTime(machine, new Random(3))
  const said: string[] = []
  one.after(10, () => said.push('one'))
  one.after(20, () => said.push('one again'))
  two.after(30, () => said.push('two'))
  one.stop()
  await time.until(() => false, 100)
  assert.deepEqual(said, ['two'])
  one.go()
  two.after(1, () => said.push('two again'))
  two.end()
  await time.until(() => false, 100)
  assert.deepEqual(said, ['two', 'one', 'one again'])
  machine.skewMs = -5_000
  const before = one.clock.now()
  machine.skewMs = 0
  assert.equal(one.clock.now() - before, 5_000)
})

test('a seed gives the same chance each time, forks do not disturb it, and bits are about even', () => {
  const [a, b] = [new Random(7), new Random(7)]
  assert.deepEqual(
    Array.from({ length: 20 }, () => a.word()),
    Array.from({ length: 20 }, () => b.word()),
  )
  const fork = a.fork()
  b.fork()
  fork.bytes(100)
  assert.equal(a.float(), b.float())
  let sum = 0
  for (let i = 0; i < 10_000; i++) sum += a.float()
  assert.ok(Math.abs(sum / 10_000 - 0.5) < 0.02)
  assert.notEqual(new Random(1).word(), new Random(2).word())
})

test.run()
