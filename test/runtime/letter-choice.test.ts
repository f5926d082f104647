/** What is written when letters that wait behind each other are chosen: in which order, how much at once, and what others do meanwhile. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DEAD_LETTER, DISCARDED, type DeadLetterData, type DiscardedData, REPLAYED, type ReplayedData } from '../../actors/dead-letter.ts'
import { EventStoreError, isEventStoreError } from '../../event/error.ts'
import type { Event, NewEvent } from '../../event/event.ts'
import type { AppendAnswer, AppendOptions } from '../../event/event-store.ts'
import { limitsWith } from '../../event/limits.ts'
import { type DeadLetters, deadLettersOf, type HandledLetters } from '../../runtime/dead-letters.ts'
import { TOPOLOGY_STREAM } from '../../runtime/deploy/registry.ts'
import { LetterBook } from '../../runtime/letter-book.ts'

type Written = Event<string, DeadLetterData & ReplayedData & DiscardedData>

/** The stream of the letters, in memory. */
class Letters {
  readonly events: Written[] = []
  /** How many events each append had. */
  readonly appends: number[] = []
  /** Called before an append, as somebody who is faster. */
  onAppend: () => void = () => undefined
  readonly deployed: unknown

  constructor(status: 'running' | 'gone' = 'running') {
    const steps = [{ id: 's', operator: 'filter', options: {}, from: [{ step: 'log', port: 'main' }] }]
    const plan = { topology: 't', version: 1, source: { id: 'log', kind: 'log', fields: [] }, steps }
    this.deployed = status === 'gone' ? undefined : { type: 'topology.deployed', version: 3, data: { name: 't', plan } }
  }

  /** A letter; its key is told by the line. */
  died(line: number | null, place: number, { isPlayable = true, deployment = 3 } = {}): number {
    const turn = line === null ? {} : { turn: { line, place } }
    const data = {
      topology: 't',
      deployment,
      step: 's',
      cause: 'c',
      position: null,
      payload: null,
      row: { line, place },
      input: 0,
      attempts: 1,
      replayable: isPlayable,
    }
    this.put({ type: DEAD_LETTER, data: { ...data, ...turn, ...(place > 0 && { waits: true }) } })
    return this.events.length
  }

  put({ type, data }: NewEvent): void {
    this.events.push({ type, data, version: this.events.length + 1, recorded: 0 } as unknown as Written)
  }

  append(events: readonly NewEvent[], { expectedVersion }: AppendOptions): AppendAnswer {
    this.onAppend()
    if (expectedVersion !== this.events.length) throw new EventStoreError('WRONG_EXPECTED_VERSION', 'other', {})
    const firstVersion = this.events.length + 1
    for (const event of events) this.put(JSON.parse(JSON.stringify(event)) as NewEvent)
    this.appends.push(events.length)
    return { firstVersion, stamp: 1, position: `p${this.events.length}` } as unknown as AppendAnswer
  }

  async *read(stream: string, { from = 1, to = Infinity, jsonAs }: { from?: number; to?: number; jsonAs?: string }): AsyncGenerator<Event> {
    await Promise.resolve()
    if (stream === TOPOLOGY_STREAM) {
      if (this.deployed) yield this.deployed as Event
      return
    }
    const bytesOf = (data: unknown): unknown => (jsonAs === 'bytes' ? new TextEncoder().encode(JSON.stringify(data)) : data)
    for (let version = from; version <= Math.min(to, this.events.length); version++) {
      const event = this.events[version - 1] as Event
      yield { ...event, data: bytesOf(event.data) } as Event
    }
  }

  get dead(): DeadLetters {
    return deadLettersOf({
      topology: 't',
      log: { readStream: (stream: string, options: object) => this.read(stream, options) } as never,
      append: (_, events, options) => Promise.resolve().then(() => this.append(events, options)),
      limits: limitsWith({ requestEvents: 4 }),
      book: this.#book,
    })
  }

  readonly #book = new LetterBook()

  /** What was done with the letters, in the order of the log: `+` sent, `-` put away. */
  get deeds(): string[] {
    const done = this.events.filter(({ type }) => type !== DEAD_LETTER)
    return done.map(({ type, data }) => `${type === REPLAYED ? '+' : '-'}${data.letter}${data.turn ? '' : ' free'}`)
  }
}

const counts = ({ letters, followers, skipped, waiting }: HandledLetters): unknown => [letters, followers, skipped, waiting]

async function refusal(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work()
    return undefined
  } catch (error) {
    return isEventStoreError(error) ? [error.code, error.details['id'], error.details['behind']] : error
  }
}

test('lines go whole and by place, the others as they were named', async () => {
  const letters = new Letters()
  const [a0, x, b0, a1, b1] = [
    letters.died(1, 0),
    letters.died(null, 0),
    letters.died(2, 0),
    letters.died(1, 1),
    letters.died(2, 1),
  ] as const
  assert.equal(counts(await letters.dead.replay([b0, x, a1, a0])), [4, 1, 0, 0])
  assert.equal(letters.deeds, [`+${b0}`, `+${b1}`, `+${x} free`, `+${a0}`, `+${a1}`])
  assert.equal(letters.appends, [4, 1], 'as much at once as may be')
  // Died again, in other places of the log than their own.
  const [c2, c1, c0] = [letters.died(1, 2), letters.died(1, 1), letters.died(1, 0)]
  assert.equal(
    (await Array.fromAsync(letters.dead.list())).map(({ id, behind }) => [id, behind]),
    [
      [c2, c0],
      [c1, c0],
      [c0, undefined],
    ],
  )
  assert.equal(await refusal(() => letters.dead.replay([c2, c1])), ['INVALID', c2, c0])
  assert.equal(counts(await letters.dead.replay('all')), [3, 0, 0, 0])
  assert.equal(letters.deeds.slice(5), [`+${c0}`, `+${c1}`, `+${c2}`])
})

test('what can not be replayed holds those behind it', async () => {
  const letters = new Letters()
  const [a0, a1, a2, a3] = [letters.died(1, 0), letters.died(1, 1), letters.died(1, 2, { isPlayable: false }), letters.died(1, 3)]
  const b0 = letters.died(2, 0, { isPlayable: false })
  letters.died(2, 1)
  assert.equal(await refusal(() => letters.dead.replay([a0, a3])), ['INVALID', a0, a2])
  assert.equal(await refusal(() => letters.dead.replay([a0, a2])), ['INVALID', a2, undefined])
  assert.equal(await refusal(() => letters.dead.replay(b0)), ['INVALID', b0, undefined])
  assert.equal(letters.deeds, [])
  assert.equal(counts(await letters.dead.replay('all')), [2, 0, 4, 0])
  assert.equal(letters.deeds, [`+${a0}`, `+${a1}`])
  assert.equal(counts(await letters.dead.discard(a2)), [1, 1, 0, 0])
  assert.equal(counts(await letters.dead.discard({ step: 's' })), [2, 0, 0, 0])
  assert.equal(letters.deeds.slice(2), [`-${a2}`, `+${a3}`, `-${b0}`, `-${b0 + 1}`])
  assert.is(letters.events.at(-1)?.data.deployment, 3)
})

test('what comes to wait meanwhile is counted, and left for the next time', async () => {
  const letters = new Letters()
  const a0 = letters.died(1, 0)
  letters.died(2, 0)
  let left = 2
  letters.onAppend = () => {
    if (left-- > 0) letters.died(1, 3 - left)
  }
  assert.equal(counts(await letters.dead.replay(a0)), [1, 0, 0, 2])
  assert.equal(letters.deeds, [`+${a0}`])
  letters.onAppend = () => undefined
  assert.equal(counts(await letters.dead.replay('all')), [3, 0, 0, 0])
})

test('who is faster has done it: what was named is refused then, and what only follows is left to them', async () => {
  const letters = new Letters()
  const ids = [0, 1, 2].map(place => letters.died(1, place))
  const faster = (type: string, index: number) => () => {
    letters.onAppend = () => undefined
    letters.put({ type, data: { letter: ids[index], step: 's', topology: 't' } })
  }
  letters.onAppend = faster(DISCARDED, 1)
  assert.equal(counts(await letters.dead.replay(ids[0]!)), [1, 1, 0, 0])
  assert.equal(letters.deeds, [`-${ids[1]} free`, `+${ids[0]}`, `+${ids[2]}`])
  ids.splice(0, 3, ...[0, 1].map(place => letters.died(2, place)))
  letters.onAppend = faster(REPLAYED, 0)
  assert.equal(await refusal(() => letters.dead.discard(ids[0]!)), ['INVALID', ids[0], undefined])
  assert.is(letters.deeds.length, 4)
})

test('letters of an earlier deployment wait for nobody, and nobody for them', async () => {
  const letters = new Letters()
  const [old, old1] = [letters.died(1, 0, { deployment: 2 }), letters.died(1, 1, { deployment: 2 })]
  const [a0, a1] = [letters.died(1, 0), letters.died(1, 1)]
  const all = await Array.fromAsync(letters.dead.list({ status: 'all' }))
  assert.equal(
    all.map(({ status, behind }) => [status, behind]),
    [
      ['superseded', undefined],
      ['superseded', undefined],
      ['open', undefined],
      ['open', a0],
    ],
  )
  assert.equal(await refusal(() => letters.dead.replay(old)), ['INVALID', old, undefined])
  assert.equal(counts(await letters.dead.discard(old)), [1, 0, 0, 0])
  assert.equal(counts(await letters.dead.discard(a0)), [1, 1, 0, 0])
  assert.equal(letters.deeds, [`-${old} free`, `-${a0}`, `+${a1}`])
  assert.is((await letters.dead.show(old1)).status, 'superseded')
})

test('what was handled and is named again is done alone, without its turn', async () => {
  const letters = new Letters('running')
  const [a0, a1] = [letters.died(1, 0), letters.died(1, 1)]
  await letters.dead.discard(a1)
  assert.equal(counts(await letters.dead.replay(a1, { again: true })), [1, 0, 0, 0])
  assert.equal(counts(await letters.dead.replay([a0, a1], { again: true })), [2, 0, 0, 0])
  assert.equal(letters.deeds, [`-${a1}`, `+${a1} free`, `+${a0}`, `+${a1} free`])
})

test('nothing follows where nothing is deployed', async () => {
  const letters = new Letters('gone')
  const [a0] = [letters.died(1, 0), letters.died(1, 1)]
  assert.equal(counts(await letters.dead.discard(a0)), [1, 0, 1, 0])
  assert.equal(letters.deeds, [`-${a0}`])
})

test('whatever is chosen, of each line a beginning goes, in order, and each letter once', async () => {
  const deed = fc.oneof(
    fc.record({ line: fc.constantFrom(1, 2, null), isPlayable: fc.constantFrom(true, true, true, false) }),
    fc.record({ again: fc.nat(30) }),
    fc.record({
      do: fc.constantFrom('replay', 'discard'),
      ids: fc.oneof(fc.constant('all' as const), fc.array(fc.nat(30), { maxLength: 3 })),
    }),
  )
  const property = fc.asyncProperty(fc.array(deed, { maxLength: 40 }), async deeds => {
    const letters = new Letters()
    const next = new Map<number | null, number>()
    for (const one of deeds) {
      const open = (): Promise<{ id: number; turn?: { line: number; place: number } }[]> => Array.fromAsync(letters.dead.list())
      if ('line' in one) {
        const place = next.get(one.line) ?? 0
        next.set(one.line, place + 1)
        letters.died(one.line, place, one)
      } else if ('again' in one) {
        // A replay ends in another letter of the same place.
        const replays = letters.events.filter(({ type, data }) => type === REPLAYED && data.turn)
        const last = replays[one.again % replays.length]?.data.turn
        const isOpen = (await open()).some(({ turn }) => turn?.line === last?.line && turn?.place === last?.place)
        if (last && !isOpen) letters.died(last.line, last.place)
      } else {
        const before = await open()
        const from = letters.events.length
        const ids = one.ids === 'all' ? 'all' : one.ids.flatMap(at => before[at % before.length]?.id ?? [])
        const answer = await letters.dead[one.do as 'replay'](ids).catch((error: unknown) => {
          assert.ok(isEventStoreError(error, 'INVALID'))
          return undefined
        })
        const written = letters.events.slice(from)
        if (answer === undefined) assert.is(written.length, 0)
        else assert.is(written.length, answer.letters + answer.followers)
        assert.is(new Set(written.map(({ data }) => data.letter)).size, written.length)
        const done = new Set(written.map(({ data }) => data.letter))
        for (const [line, of] of Map.groupBy(
          written.filter(({ type, data }) => type === REPLAYED && data.turn),
          ({ data }) => data.turn!.line,
        )) {
          const places = of.map(({ data }) => data.turn!.place)
          assert.equal(
            places,
            places.toSorted((a, b) => a - b),
          )
          const left = before.filter(({ id, turn }) => turn?.line === line && !done.has(id))
          assert.ok(
            left.every(({ turn }) => turn!.place > places.at(-1)!),
            'none before it is left',
          )
        }
      }
    }
  })
  await fc.assert(property, { seed: 8, numRuns: 150 })
})

test.run()
