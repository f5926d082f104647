/** The shared log's contract: what a follower gets. */
import assert from 'node:assert/strict'
import { collect, committed, type LogSentences, write } from './log-scene.ts'
import { bytes, until } from './scene.ts'

export const follows: LogSentences = {
  'a follower gets what is there and what comes, in order in each partition, and no other partition': async ({ log, other, partition }) => {
    const [p, q, aside] = [partition(), partition(), partition()]
    const before = await write(log, p, ['p1', 'p2'])
    await write(log, aside, ['aside'])
    const all = collect(other, [p, q])
    await until('what is there came', () => all.texts.length === 2)
    await Promise.all([write(log, p, ['p3', 'p4', 'p5'], before), write(log, q, ['q1', 'q2', 'q3'])])
    await until('what comes came', () => all.texts.length === 8)
    await all.close()
    assert.deepEqual(all.faults, [])
    for (const letter of ['p', 'q']) {
      const own = all.texts.filter(each => each.startsWith(letter))
      assert.deepEqual(own, [...own].sort())
    }
  },
  'a follower begins behind the sequence it names for each partition': async ({ log, partition }) => {
    const [p, q] = [partition(), partition()]
    const middle = await write(log, p, ['p1', 'p2'])
    await write(log, q, ['q1', 'q2'])
    await write(log, p, ['p3'], middle)
    const all = collect(log, [p, q], { after: each => (each === p ? middle : 0) })
    await until('the rest came', () => ['p3', 'q1', 'q2'].every(each => all.texts.includes(each)))
    await all.close()
    assert.deepEqual(all.faults, [])
  },
  'while the handler has not ended nothing more is delivered': async ({ log, other, partition }) => {
    const [p, q] = [partition(), partition()]
    let open: () => void = () => undefined
    const gate = new Promise<void>(resolve => (open = resolve))
    let inside = 0
    const slow = collect(log, [p, q], {
      message: async () => {
        inside++
        assert.equal(inside, 1, 'two messages were with the handler at once')
        await gate
        inside--
      },
    })
    const quick = collect(other, [p, q])
    const texts = Array.from({ length: 20 }, (_, n) => String(n).padStart(2, '0'))
    await Promise.all([p, q].map(each => write(log, each, texts)))
    await until('another follower has all', () => quick.texts.length === 40)
    await until('the slow one has begun', () => slow.texts.length > 0)
    assert.equal(slow.texts.length, 1)
    open()
    await until('the slow one has all', () => slow.texts.length === 40)
    await Promise.all([slow.close(), quick.close()])
    assert.deepEqual([...slow.faults, ...quick.faults], [])
  },
  'nothing is delivered once a following is closed': async ({ log, other, partition }) => {
    const p = partition()
    const one = collect(log, [p])
    const last = await write(log, p, ['a', 'b'])
    await until('both came', () => one.texts.length === 2)
    await one.close()
    const rest = collect(other, [p], { after: () => last })
    await write(log, p, ['c'], last)
    await until('another follower has it', () => rest.texts.includes('c'))
    await rest.close()
    assert.deepEqual(one.texts, ['a', 'b'])
  },
  'a batch is followed whole and in its order': async ({ log, partition }) => {
    const p = partition()
    const all = collect(log, [p])
    let last = 0
    for (let round = 0; round < 5; round++)
      last = await committed(log, p, last, [bytes(`${round}a`), bytes(`${round}b`), bytes(`${round}c`)])
    await until('all came', () => all.texts.length === 15)
    await all.close()
    assert.deepEqual([all.texts, all.faults], [[...all.texts].sort(), []])
  },
}
