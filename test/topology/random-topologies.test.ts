/** The same log gives the same results, at any page size and after any restart: random topologies from the whole catalogue. */
// Deadline: 400 s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { operators } from '../../operators/index.ts'
import { randomCase, report, shapesFor, trouble } from './random-cases.ts'
import { isValid } from './random-topologies.ts'

/** Run here; `npm run soak:topologies` tries others. */
const cases = 60
const firstSeed = 1_000_000

test('random topologies are valid, and made of all operators', () => {
  const used = new Set<string>()
  for (let seed = 0; seed < 150; seed++) {
    const { topology } = randomCase(firstSeed + seed)
    assert.ok(isValid(topology), `seed ${seed}`)
    for (const { operator } of topology.steps) used.add(operator)
  }
  assert.equal([...used].sort(), Object.keys(operators).sort())
})

test('a case of the same number is the same case', () => {
  assert.equal(randomCase(firstSeed), randomCase(firstSeed))
})

test('random topologies give the same results, however their log is cut', async () => {
  for (let seed = firstSeed; seed < firstSeed + cases; seed++) {
    const found = await trouble(randomCase(seed), shapesFor(seed))
    if (found !== undefined) assert.unreachable(await report(seed))
  }
})

test.run()
