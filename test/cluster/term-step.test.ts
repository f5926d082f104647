/** Single steps of a term machine, where a whole cluster would hide what one of them does. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { UntimedInput } from '../../cluster/partition-terms.ts'
import { firstTermState, type TermInput, type TermOutput, type TermState, type View } from '../../cluster/term-state.ts'
import { step } from '../../cluster/term.ts'

const entry = { term: 3, node: 'n2', incarnation: 'n2.1', isPinned: false } as const

/** n1, n2 and n3 are there and well; n1 is preferred. */
function viewOf(change: Partial<View> = {}): View {
  const nodes = ['n1', 'n2', 'n3'].map(node => ({ node, incarnation: `${node}.1`, isHealthy: true, isEligible: true, leadsTerm: 0 }))
  return { nodes, hearsSelf: true, hearsOthers: true, deadlineMs: 1000, ...change }
}

class Machine {
  state: TermState
  nowMs = 1_000

  constructor(node: string) {
    this.state = firstTermState(node, `${node}.1`)
  }

  input(input: UntimedInput): readonly TermOutput[] {
    const before = JSON.stringify(this.state)
    const { state, outputs } = step(this.state, { ...input, nowMs: this.nowMs } as TermInput)
    assert.is(JSON.stringify(this.state), before, 'a step leaves the state it is given alone')
    this.state = state
    return outputs.filter(({ kind }) => kind !== 'tell')
  }

  tick(view = viewOf()): readonly TermOutput[] {
    this.nowMs += 100
    return this.input({ kind: 'tick', view })
  }

  /** Ticks until something comes of it, at most for so long. */
  wait(ms: number, view = viewOf()): readonly TermOutput[] {
    for (const end = this.nowMs + ms; this.nowMs < end;) {
      const outputs = this.tick(view)
      if (outputs.length > 0) return outputs
    }
    return []
  }

  leading(): this {
    const { node, incarnation } = this.state
    this.input({ kind: 'read', entry: { ...entry, node, incarnation }, revision: 7 })
    this.input({ kind: 'started', term: 3 })
    assert.is(this.state.phase, 'leading')
    return this
  }
}

test('a step is a function: equal inputs give equal outputs', () => {
  const [a, b] = [new Machine('n1').leading(), new Machine('n1').leading()]
  assert.equal(a.tick(), b.tick())
  assert.equal(a.state, b.state)
})

test('an own entry below a term that the log has is not led', () => {
  const machine = new Machine('n2')
  machine.input({ kind: 'record', term: 5 })
  assert.equal(machine.input({ kind: 'read', entry, revision: 7 }), [])
  assert.is(machine.state.phase, 'following')
})

test('an entry of an earlier incarnation is not led', () => {
  const machine = new Machine('n2')
  assert.equal(machine.input({ kind: 'read', entry: { ...entry, incarnation: 'n2.0' }, revision: 7 }), [])
})

test('who does not hear itself neither takes a term nor is handed one', () => {
  const machine = new Machine('n1')
  const deaf = viewOf({ hearsSelf: false })
  machine.input({ kind: 'read', entry: null, revision: 0 })
  assert.equal(machine.wait(60_000, deaf), [])
  const asked = machine.input({ kind: 'take', from: 'n2', term: 3, revision: 7, isPinned: false })
  assert.equal(asked, [{ kind: 'decline', to: 'n2', term: 3 }])
  assert.is(machine.tick()[0]?.kind, 'write')
})

test('a leap of the clock is not a wait', () => {
  const machine = new Machine('n2').leading()
  machine.tick()
  machine.nowMs += 3_600_000
  assert.equal(machine.tick(), [])
  assert.equal(machine.wait(10_000), [{ kind: 'resign', term: 3, isPlanned: true }])
})

test('what the watch said of a write is not read again', () => {
  const machine = new Machine('n1')
  machine.input({ kind: 'read', entry: null, revision: 0 })
  const [write] = machine.wait(2_000)
  assert.ok(write?.kind === 'write')
  assert.is(machine.input({ kind: 'entry', entry: write.entry, revision: 1 })[0]?.kind, 'lead')
  machine.input({ kind: 'write', result: { kind: 'unknown', reason: 'no answer' } })
  assert.equal(machine.tick(), [])
})

test('a shard that does not resign is passed over', () => {
  const machine = new Machine('n1').leading()
  machine.tick()
  assert.equal(machine.input({ kind: 'hand-over', to: 'n3' }), [{ kind: 'resign', term: 3, isPlanned: true }])
  const take = { kind: 'take', to: 'n3', term: 3, revision: 7, isPinned: true } as const
  assert.equal(machine.wait(6_000), [take])
  // Its answer comes too late to matter.
  assert.equal(machine.input({ kind: 'resigned', term: 3 }), [])
})

test('a word to take over that is older than the table is not followed', () => {
  const machine = new Machine('n3')
  machine.tick()
  machine.input({ kind: 'read', entry, revision: 7 })
  assert.equal(machine.input({ kind: 'take', from: 'n1', term: 2, revision: 6, isPinned: false }), [])
  assert.equal(machine.input({ kind: 'take', from: 'n2', term: 3, revision: 7, isPinned: true }), [
    { kind: 'write', entry: { term: 4, node: 'n3', incarnation: 'n3.1', isPinned: true }, revision: 7 },
  ])
  // Said again while the table has not answered.
  assert.equal(machine.input({ kind: 'take', from: 'n2', term: 3, revision: 7, isPinned: true }), [])
})

test('a shard that begins behind being given up stops', () => {
  const machine = new Machine('n2')
  assert.equal(machine.input({ kind: 'read', entry, revision: 7 }), [{ kind: 'lead', term: 3 }])
  assert.equal(machine.wait(6_000), [{ kind: 'resign', term: 3, isPlanned: false }])
  assert.equal(machine.input({ kind: 'started', term: 3 }), [{ kind: 'resign', term: 3, isPlanned: false }])
  assert.is(machine.state.phase, 'following')
})

test('words of a term that is over change nothing', () => {
  const machine = new Machine('n1').leading()
  for (const kind of ['lost', 'resigned', 'started'] as const) assert.equal(machine.input({ kind, term: 2 }), [])
  assert.equal(machine.input({ kind: 'declined', by: 'n3', term: 3 }), [])
  assert.equal(machine.input({ kind: 'take', from: 'n3', term: 9, revision: 9, isPinned: false }), [])
  assert.equal(machine.input({ kind: 'write', result: { kind: 'conflict' } }), [])
  assert.is(machine.state.phase, 'leading')
})

test.run()
