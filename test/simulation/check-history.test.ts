/** The checker of histories: what it finds by name, and that it agrees with a search over all orders. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'uvu'
import { isEventStoreError } from '../../event/error.ts'
import { checkHistory } from './check-history.ts'
import { historyText, type Operation, readHistory } from './history.ts'

type Told = Partial<Operation> & Pick<Operation, 'op'>

/** Operations of one stream, one after the other unless they say when. */
function told(...operations: Told[]): Operation[] {
  return operations.map((operation, i) => ({
    client: 100 + i,
    stream: 's',
    events: [],
    result: 'ok',
    start: i * 10,
    end: i * 10 + 5,
    ...operation,
  }))
}

const append = (events: string, more: Partial<Operation> = {}): Told => ({ op: 'append', events: events.split(''), ...more })
const read = (events: string, more: Partial<Operation> = {}): Told => ({ op: 'read', events: events.split(''), ...more })
const final = (events: string): Told => ({ op: 'final', events: events.split(''), start: 9_000, end: 9_001 })

const good: Readonly<Record<string, Operation[]>> = {
  'appends and reads in order': told(
    append('ab', { expectedVersion: 0, version: 2 }),
    read('ab'),
    append('c', { version: 3 }),
    final('abc'),
  ),
  'an unknown that is there, and one that is not': told(append('a', { result: 'unknown' }), append('b', { result: 'unknown' }), final('b')),
  'an unknown that landed long after it was given up': told(
    append('a', { result: 'unknown' }),
    read(''),
    append('b'),
    read('b'),
    final('ba'),
  ),
  'reads at once with an append may see it or not': told(
    append('a', { start: 0, end: 100 }),
    read('a', { start: 10, end: 20 }),
    read('a', { start: 30, end: 40 }),
    final('a'),
  ),
  'a conflict that names what was there': told(
    append('a'),
    append('b', { expectedVersion: 0, result: 'conflict', version: 1 }),
    final('a'),
  ),
  'a conflict with an append at once': told(
    append('a', { start: 0, end: 100 }),
    append('b', { expectedVersion: 0, result: 'conflict', start: 1, end: 50 }),
    final('a'),
  ),
  'reads of any level may be old': told(append('a'), read('', { level: 'any' }), read('', { level: 'atLeast' }), final('a')),
  'a refused append that is not there': told(append('a', { result: 'fail' }), final('')),
}

const bad: Readonly<Record<string, readonly [RegExp, Operation[]]>> = {
  'an acknowledged event is lost': [/not there/, told(append('a'), final(''))],
  'an event is there twice': [/twice/, told(append('a'), final('aa'))],
  'an event nobody wrote': [/nobody wrote/, told(append('a'), final('ab'))],
  'a refused append is there': [/refused and is there/, told(append('a', { result: 'fail' }), final('a'))],
  'an append is there in part': [/in part/, told(append('ab', { result: 'unknown' }), final('a'))],
  'an append is torn': [/one piece/, told(append('ab', { end: 100 }), append('c', { start: 1 }), final('acb'))],
  'an expected version was not met': [/version was another/, told(append('a'), append('b', { expectedVersion: 0 }), final('ab'))],
  'a wrong version was told': [/versions 1 to 1/, told(append('a', { version: 2 }), final('a'))],
  'a leader read is old': [/was there before/, told(append('a'), read(''), final('a'))],
  'two reads go back': [
    /was there before/,
    told(append('a', { start: 0, end: 100 }), read('a', { start: 10, end: 20 }), read('', { start: 30, end: 40 }), final('a')),
  ],
  'a read saw what was written after it': [/was there before/, told(read('a'), append('a'), final('a'))],
  'acknowledged appends stand in another order than they were made': [/was there before/, told(append('a'), append('b'), final('ba'))],
  'a stale conflict': [
    /was there before/,
    told(append('a'), append('b', { expectedVersion: 1, result: 'conflict', version: 0 }), final('a')),
  ],
  'a conflict at the expected version': [
    /no conflict/,
    told(append('a', { expectedVersion: 0, result: 'conflict', version: 0 }), final('')),
  ],
  'a conflict without a version that was none': [/all the time/, told(append('a', { expectedVersion: 0, result: 'conflict' }), final(''))],
  'any reads another beginning': [/not the beginning/, told(append('ab'), read('b', { level: 'any' }), final('ab'))],
  'no final read': [/0 final reads/, told(append('a'))],
  'a client that does not wait': [
    /before it was answered/,
    told(append('a', { client: 1, end: 100 }), append('b', { client: 1 }), final('ab')),
  ],
}

for (const [name, history] of Object.entries(good)) test(`passes: ${name}`, () => assert.deepEqual(checkHistory(history), []))
for (const [name, [sentence, history]] of Object.entries(bad))
  test(`finds: ${name}`, () => {
    const wrong = checkHistory(history)
    assert.ok(
      wrong.some(one => sentence.test(one)),
      wrong.join('\n') || 'nothing found',
    )
  })

test('a history survives being written and read; what is no operation is refused by its line', () => {
  const history = told(append('a', { expectedVersion: 0 }), final('a'))
  assert.deepEqual(readHistory(historyText(history)), history)
  for (const line of ['{', '{}', '[]', 'null', '{"op":"append"}'])
    assert.throws(
      () => readHistory(`${historyText(history)}${line}\n`),
      error => isEventStoreError(error, 'INVALID') && /line 3/.test(error.message),
    )
})

/** Tries every order that fits real time: the definition itself, for a handful of operations of one stream. */
function fitsSomeOrder(operations: readonly Operation[]): boolean {
  const search = (left: readonly Operation[], state: readonly string[]): boolean => {
    if (left.every(({ result }) => result === 'unknown')) return true
    return left.some(one => {
      if (left.some(other => other !== one && other.result !== 'unknown' && other.end < one.start)) return false
      const after = afterOne(one, state)
      return (
        after !== null &&
        search(
          left.filter(other => other !== one),
          after,
        )
      )
    })
  }
  return search(
    operations.filter(({ result }) => result !== 'fail'),
    [],
  )
}

function afterOne({ op, events, result, expectedVersion, version }: Operation, state: readonly string[]): readonly string[] | null {
  if (op !== 'append') return events.join() === state.join() ? state : null
  const isMet = expectedVersion === undefined || expectedVersion === state.length
  if (result === 'conflict') return !isMet && version === state.length ? state : null
  const after = [...state, ...events]
  return isMet && (result === 'unknown' || version === after.length) ? after : null
}

const anyOperations = fc.integer({ min: 1, max: 5 }).chain(count =>
  fc.tuple(
    ...Array.from({ length: count }, (_, i) =>
      fc.record({
        kind: fc.constantFrom('append', 'append', 'read'),
        result: fc.constantFrom('ok', 'ok', 'unknown', 'conflict'),
        expected: fc.option(fc.nat(3), { nil: undefined }),
        version: fc.nat(4),
        seen: fc.nat(4),
        start: fc.nat(20),
        lasts: fc.nat(12),
        id: fc.constant(String.fromCharCode(97 + i)),
      }),
    ),
  ),
)

test('it agrees with a search over all orders', () => {
  const verdicts = { fits: 0, doesNot: 0 }
  fc.assert(
    fc.property(anyOperations, fc.infiniteStream(fc.nat()), (made, chance) => {
      // Mostly plausible: the versions that a run in order of start would give, and some that it would not.
      const order: string[] = []
      const operations: Operation[] = made
        .toSorted((a, b) => a.start - b.start)
        .map(({ kind, result, expected, version, seen, start, lasts, id }, i) => {
          const times = { client: i, stream: 's', start, end: start + lasts }
          const odd = chance.next().value % 6 === 0
          if (kind === 'read') return { ...times, op: 'read', result: 'ok', events: order.slice(0, odd ? seen : order.length) }
          const about = { ...times, op: 'append' as const, events: [id], ...(expected !== undefined && { expectedVersion: expected }) }
          if (result === 'conflict' && expected !== undefined) return { ...about, result, version: odd ? version : order.length }
          if (result === 'unknown' && chance.next().value % 2 === 0) return { ...about, result }
          order.splice(odd ? seen : order.length, 0, id)
          return result === 'unknown' ? { ...about, result } : { ...about, result: 'ok', version: odd ? version : order.length }
        })
      const all: Operation[] = [...operations, { client: 99, stream: 's', op: 'final', result: 'ok', events: order, start: 900, end: 901 }]
      // The search lets unknowns land after the final read; what is not in it has not landed, so nothing after it is asked.
      const fits = fitsSomeOrder(all)
      if (fits) verdicts.fits++
      else verdicts.doesNot++
      assert.equal(checkHistory(all).length === 0, fits, checkHistory(all).join('\n'))
    }),
    { numRuns: 3_000 },
  )
  assert.ok(verdicts.fits > 300 && verdicts.doesNot > 300, JSON.stringify(verdicts))
})

test.run()
