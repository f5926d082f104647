/** Chains: which steps run as one. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chainsOf } from '../../topology/chains.ts'
import type { PlanStep } from '../../topology/plan.ts'

const step = (id: string, operator: string, ...from: string[]): PlanStep => ({
  id,
  operator,
  options: {},
  from: from.map(text => ({ step: text.split('.')[0] ?? '', port: text.split('.')[1] ?? 'main' })),
})
const chains = (...steps: PlanStep[]): string[][] => chainsOf({ steps })

test('a run of stateless steps is one chain, up to the first with state', () => {
  const steps = [
    step('a', 'filter', 'log'),
    step('b', 'map', 'a'),
    step('c', 'keyBy', 'b'),
    step('w', 'tumble', 'c'),
    step('p', 'projection', 'w'),
  ]
  assert.equal(chains(...steps), [['a', 'b', 'c']])
})

test('a second taker, another port and a merge end a chain', () => {
  assert.equal(chains(step('a', 'filter', 'log'), step('b', 'map', 'a'), step('c', 'map', 'a')), [])
  assert.equal(chains(step('a', 'filter', 'log'), step('b', 'map', 'a'), step('c', 'map', 'a.dead')), [])
  assert.equal(chains(step('a', 'filter', 'log'), step('b', 'map', 'a.dead')), [])
  assert.equal(chains(step('a', 'filter', 'log'), step('b', 'filter', 'log'), step('c', 'map', 'a', 'b')), [])
})

test('a chain may begin behind a merge, and end at one', () => {
  const steps = [
    step('a', 'filter', 'log'),
    step('b', 'filter', 'log'),
    step('c', 'map', 'a', 'b'),
    step('d', 'map', 'c'),
    step('e', 'map', 'd'),
    step('f', 'map', 'log'),
    step('g', 'filter', 'e', 'f'),
  ]
  assert.equal(chains(...steps), [['c', 'd', 'e']])
})

test('steps of several chains stand in the order of the plan, and an unknown operator in none', () => {
  const steps = [
    step('a', 'filter', 'log'),
    step('x', 'filter', 'log'),
    step('b', 'map', 'a'),
    step('y', 'map', 'x'),
    step('c', 'constructor', 'b'),
    step('d', 'map', 'c'),
  ]
  assert.equal(chains(...steps), [['a', 'b'], ['x', 'y']]) // prettier-ignore
})

test.run()
