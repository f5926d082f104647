/** What every shared log must do. One proves itself in a line: `sharedLogContract(test, { name, partitions, open })`. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isEventStoreError } from '../../../event/error.ts'
import { MESSAGE_BYTES, type SharedLog } from '../../../cluster/shared-log.ts'
import { follows } from './log-follows.ts'
import { collect, committed, type LogScene, type LogSentences, write } from './log-scene.ts'
import { bytes, type Hooks, type Register, register, text, until } from './scene.ts'

export interface SharedLogMaker {
  readonly name: string
  /** Partitions that nobody has written to; a sentence takes some of its own. At least 80. */
  readonly partitions: number
  /** One more client of the same log. */
  open(): Promise<SharedLog>
}

/** Registers every sentence. The clients are opened before the first and closed after the last. */
export function sharedLogContract(test: Register & Hooks, maker: SharedLogMaker): void {
  let scene: LogScene | undefined
  let next = 0
  test.before(async () => {
    const [log, other] = await Promise.all([maker.open(), maker.open()])
    const partition = (): number => {
      assert.ok(next < maker.partitions, 'the contract needs more partitions')
      return next++
    }
    scene = { log, other, partition, open: () => maker.open() }
  })
  test.after(async () => {
    await Promise.all([scene?.log.close(), scene?.other.close()])
  })
  register(test, maker.name, { ...appends, ...races, ...follows, ...trims, ...twins }, () => scene!)
}

const appends: LogSentences = {
  'a partition that nobody has written to has no last message, and is appended to behind 0': async ({ log, other, partition }) => {
    const p = partition()
    assert.equal(await log.last(p), null)
    const sequence = await committed(log, p, 0, [bytes('one')])
    assert.ok(sequence > 0)
    assert.deepEqual(await other.last(p).then(last => [last?.partition, last?.sequence, text(last!.bytes)]), [p, sequence, 'one'])
  },
  'an append whose condition does not hold is a conflict and leaves nothing': async ({ log, other, partition }) => {
    const p = partition()
    const first = await write(log, p, ['a'])
    const last = await write(log, p, ['b'], first)
    for (const after of [0, first, last + 1, last + 1000]) {
      assert.deepEqual(await other.append(p, after, [bytes('wrong')]), { kind: 'conflict' })
      assert.deepEqual(await other.append(p, after, [bytes('wrong'), bytes('wrong')]), { kind: 'conflict' })
    }
    assert.equal((await log.last(p))?.sequence, last)
    const all = collect(log, [p])
    await write(log, p, ['c'], last)
    await until('the last message came', () => all.texts.includes('c'))
    await all.close()
    assert.deepEqual(all.texts, ['a', 'b', 'c'])
  },
  'sequences rise, and bytes come back as they were': async ({ log, partition }) => {
    const p = partition()
    const given = [Uint8Array.from({ length: 256 }, (_, n) => n), new Uint8Array(MESSAGE_BYTES).fill(250), Uint8Array.of(0)]
    let last = 0
    for (const each of given) {
      const sequence = await committed(log, p, last, [each])
      assert.ok(sequence > last)
      last = sequence
      assert.deepEqual(Buffer.compare((await log.last(p))!.bytes, each), 0)
    }
  },
  'several messages are appended all at once; the answer is the sequence of the last': async ({ log, partition }) => {
    const p = partition()
    const first = await write(log, p, ['before'])
    const large = Array.from({ length: 5 }, (_, n) => new Uint8Array(MESSAGE_BYTES).fill(n + 1))
    const sequence = await committed(log, p, first, large)
    assert.deepEqual(await log.last(p).then(last => [last?.sequence, last?.bytes[0], last?.bytes.length]), [sequence, 5, MESSAGE_BYTES])
    const sizes: number[] = []
    const all = collect(log, [p], { message: message => void sizes.push(message.bytes[0]!) })
    await write(log, p, ['after'], sequence)
    await until('all came', () => sizes.length === 7)
    await all.close()
    assert.deepEqual(sizes.slice(1, 6), [1, 2, 3, 4, 5])
  },
  'a message above the limit is not appended, and nothing is appended without messages': async ({ log, partition }) => {
    const p = partition()
    assert.equal((await log.append(p, 0, [new Uint8Array(MESSAGE_BYTES + 1)])).kind, 'unknown')
    assert.equal((await log.append(p, 0, [])).kind, 'unknown')
    assert.equal(await log.last(p), null)
  },
  'partitions do not know of each other': async ({ log, partition }) => {
    const partitions = Array.from({ length: 8 }, partition)
    const lasts = await Promise.all(partitions.map(p => write(log, p, [`${p} one`, `${p} two`, `${p} three`])))
    for (const [index, p] of partitions.entries()) {
      assert.deepEqual(await log.last(p).then(last => [last?.sequence, text(last!.bytes)]), [lasts[index], `${p} three`])
    }
  },
  'a closed log says that it does not know': async ({ open, partition }) => {
    const log = await open()
    const p = partition()
    await write(log, p, ['a'])
    await log.close()
    assert.equal((await log.append(p, 0, [bytes('b')])).kind, 'unknown')
    await assert.rejects(log.last(p), error => isEventStoreError(error, 'CLOSED') || isEventStoreError(error, 'UNREACHABLE'))
    await log.close()
  },
}

const races: LogSentences = {
  'of two that append behind the same message at most one is committed, and what is committed is what is read': async ({
    log,
    other,
    partition,
  }) => {
    const p = partition()
    const kept: string[] = []
    let last = 0
    for (let round = 0; kept.length < 40; round++) {
      // One of them may write a batch: half of it must not be left.
      const offers = [[`a${round}`], round % 3 === 0 ? [`b${round}`, `b${round}+`] : [`b${round}`]]
      const answers = await Promise.all(offers.map((texts, index) => [log, other][index]!.append(p, last, texts.map(bytes))))
      const wins = answers.flatMap((answer, index) =>
        answer.kind === 'committed' ? [{ sequence: answer.sequence, texts: offers[index]! }] : [],
      )
      assert.ok(wins.length <= 1, 'both were committed')
      assert.ok(
        answers.every(answer => answer.kind !== 'unknown'),
        `an answer is missing: ${JSON.stringify(answers)}`,
      )
      // That neither is may happen (see `LogAppend`); then nothing may be there.
      const found = await log.last(p)
      assert.equal(found?.sequence ?? 0, wins[0]?.sequence ?? last)
      last = found?.sequence ?? 0
      kept.push(...(wins[0]?.texts ?? []))
      assert.ok(round < 400, 'hardly any append is committed')
    }
    const all = collect(log, [p])
    await until('all came', () => all.texts.length >= kept.length)
    await all.close()
    assert.deepEqual([all.texts, all.faults], [kept, []])
  },
}

const trims: LogSentences = {
  'what is trimmed is forgotten, from one partition alone': async ({ log, other, partition }) => {
    const [p, q] = [partition(), partition()]
    await write(log, q, ['q1', 'q2'])
    const middle = await write(log, p, ['p1', 'p2', 'p3'])
    await write(log, p, ['p4', 'p5'], middle)
    await other.trim(p, middle)
    const all = collect(log, [p, q])
    await until('what is left came', () => ['p3', 'p4', 'p5', 'q1', 'q2'].every(each => all.texts.includes(each)))
    await all.close()
    assert.deepEqual([...all.texts].sort(), ['p3', 'p4', 'p5', 'q1', 'q2'])
  },
  'the last message stays whatever is asked, so that the condition stays': async ({ log, partition }) => {
    const p = partition()
    await log.trim(p, 1000)
    assert.equal(await log.last(p), null)
    const last = await write(log, p, ['a', 'b', 'c'])
    await log.trim(p, Number.MAX_SAFE_INTEGER)
    assert.deepEqual(await log.last(p).then(found => [found?.sequence, text(found!.bytes)]), [last, 'c'])
    assert.deepEqual(await log.append(p, 0, [bytes('wrong')]), { kind: 'conflict' })
    await write(log, p, ['d'], last)
  },
}

/** One step of the random comparison: the condition is right, or off by something. */
type Step = { readonly do: 'append'; readonly off: number; readonly messages: number } | { readonly do: 'trim'; readonly back: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      off: fc.constantFrom(0, 0, 0, -1, 1),
      messages: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('trim' as const), back: fc.integer({ min: -1, max: 4 }) }) },
)

/** What a list would hold: an append with the sequence of its last message, which is the only one that is told. */
interface Kept {
  readonly end: number
  readonly texts: readonly string[]
}

function trimmed(kept: readonly Kept[], before: number): Kept[] {
  const left = kept.filter(each => each.end >= before).map(each => (each.end === before ? { ...each, texts: each.texts.slice(-1) } : each))
  const last = kept.at(-1)
  return left.length > 0 || last === undefined ? left : [{ ...last, texts: last.texts.slice(-1) }]
}

async function runTwin({ log, other }: LogScene, p: number, steps: readonly Step[]): Promise<void> {
  let kept: Kept[] = []
  let made = 0
  for (const each of steps) {
    const last = kept.at(-1)?.end ?? 0
    if (each.do === 'trim') {
      const before = kept.at(-1 - each.back)?.end ?? last + 1
      await log.trim(p, before)
      kept = trimmed(kept, before)
      continue
    }
    const texts = Array.from({ length: each.messages }, () => `${made++}`)
    const after = Math.max(0, last + each.off)
    const answer = await log.append(p, after, texts.map(bytes))
    if (answer.kind === 'committed') kept.push({ end: answer.sequence, texts })
    if (after !== last) assert.equal(answer.kind, 'conflict')
    else if (answer.kind !== 'committed') assert.deepEqual([answer.kind, (await log.last(p))?.sequence ?? 0], ['conflict', last])
  }
  const expected = kept.flatMap(each => each.texts)
  const all = collect(other, [p])
  await until('all came', () => all.texts.length >= expected.length)
  await all.close()
  assert.deepEqual([all.texts, all.faults], [expected, []])
  assert.equal((await log.last(p))?.sequence, kept.at(-1)?.end)
}

const twins: LogSentences = {
  'random appends and trims leave what a list would hold': async scene => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), steps => runTwin(scene, scene.partition(), steps))
    await fc.assert(property, { numRuns: 15, endOnFailure: true })
  },
}
