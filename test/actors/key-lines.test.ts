/** The lines of a step that keeps dead letters in order: against plain lists, and as they come back after a restart. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Turn } from '../../actors/dead-letter.ts'
import { heldMax, KeyLines } from '../../actors/key-lines.ts'
import { isEventStoreError } from '../../event/error.ts'
import { MemoryState } from '../contract/operator-run.ts'
import { page } from './outside.ts'

/** As dumb as can be: of each key the places that are open. */
class Twin {
  readonly lines: { id: number; key: string; next: number; open: number[] }[] = []
  #last = 0

  join(key: string): Turn {
    let line = this.lines.find(one => one.key === key)
    if (line === undefined) this.lines.push((line = { id: ++this.#last, key, next: 0, open: [] }))
    line.open.push(line.next)
    return { line: line.id, place: line.next++ }
  }

  keyOf(turn: Turn): string | undefined {
    return this.lines.find(({ id, open }) => id === turn.line && open.includes(turn.place))?.key
  }

  isFirst(turn: Turn): boolean {
    return this.lines.some(({ id, open }) => id === turn.line && open[0] === turn.place)
  }

  leave(turn: Turn): void {
    for (const [at, line] of this.lines.entries()) {
      if (line.id !== turn.line) continue
      line.open = line.open.filter(place => place !== turn.place)
      if (line.open.length === 0) this.lines.splice(at, 1)
      return
    }
  }
}

const keys = ['a', 'b', 'ключ', '\ud800', '__proto__']

test('says what plain lists say, also after restarts', () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ join: fc.constantFrom(...keys) }) },
    { weight: 5, arbitrary: fc.record({ line: fc.integer({ min: 1, max: 8 }), place: fc.nat(6) }) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
  )
  const property = fc.property(fc.array(step, { maxLength: 120 }), steps => {
    const state = new MemoryState()
    const twin = new Twin()
    let lines = new KeyLines('s', ['key'], state)
    for (const one of steps) {
      if (one === 'restart') {
        lines.save()
        lines = new KeyLines('s', ['key'], state)
      } else if ('join' in one) assert.equal(lines.join(one.join), twin.join(one.join))
      else {
        assert.is(lines.keyOf(one), twin.keyOf(one))
        assert.is(lines.isFirst(one), twin.isFirst(one))
        lines.leave(one)
        twin.leave(one)
      }
      for (const key of keys) assert.is(lines.isHeld(key), twin.lines.some(line => line.key === key)) // prettier-ignore
    }
    lines.save()
    assert.is([...state.rows()].length, twin.lines.length + (steps.some(one => one !== 'restart' && 'join' in one) ? 1 : 0))
  })
  fc.assert(property, { seed: 6, numRuns: 400 })
})

test('numbers of lines are never given twice, also when none is left', () => {
  const state = new MemoryState()
  const first = new KeyLines('s', ['key'], state)
  const turn = first.join('a')
  first.leave(turn)
  first.save()
  assert.equal(new KeyLines('s', ['key'], state).join('a'), { line: turn.line + 1, place: 0 })
})

test('keys are told apart by value and kind; null, and what is not there, are one key', () => {
  const lines = new KeyLines('s', ['a', 'b'], new MemoryState())
  const keyOf = (row: Readonly<Record<string, unknown>>): string => lines.keyAt(page([row], 0), 0)
  const different = [
    {},
    { a: 1 },
    { a: '1' },
    { b: 1 },
    { a: true },
    { a: 'true' },
    { a: '' },
    { a: 'null' },
    { a: [null, 1] },
    { a: null, b: [1] },
    { a: { x: 1 } },
    { a: '\ud800' },
    { a: '\udc00' },
    { a: '�' },
    { a: 'x'.repeat(300) },
    { a: 'x'.repeat(301) },
    { a: 'x'.repeat(150), b: 'y'.repeat(150) },
  ]
  assert.is(new Set(different.map(keyOf)).size, different.length)
  assert.is(keyOf({ a: null, b: undefined, other: 1 }), keyOf({}))
  assert.is(keyOf({ a: -0 }), keyOf({ a: 0 }), 'a letter does not know −0')
  assert.ok(different.every(row => keyOf(row).length <= 200))
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic
  for (const a of [cyclic, NaN, 10n, new Uint8Array(3), () => 1]) assert.type(keyOf({ a }), 'string')
})

test('more keys than are held in memory are too many; letters of one key are not', () => {
  const lines = new KeyLines('s', ['key'], new MemoryState())
  for (let n = 0; n < 3 * heldMax; n++) lines.join('one')
  for (let n = 1; n < heldMax; n++) lines.join(`k${n}`)
  assert.throws(
    () => lines.join('more'),
    (error: unknown) => isEventStoreError(error, 'TOO_LARGE') && error.details['limit'] === heldMax,
  )
})

test.run()
