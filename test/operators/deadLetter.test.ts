/** `deadLetter` against the contract, with the reasons it gives. */
import * as fc from 'fast-check'
import { Subject } from 'rxjs'
import * as assert from 'uvu/assert'
import { deadLetter } from '../../operators/deadLetter.ts'
import type { Flow, Row } from '../../operators/flow.ts'
import type { StepContext } from '../../operators/operator.ts'
import { pageOf, selectRows } from '../../operators/page.ts'
import { operatorContract } from '../contract/operator.ts'
import { everyRow, sameInOtherPages } from './selected.ts'

const test = operatorContract(deadLetter, {
  poison: { skip: 'every row is given up' },
  twin: {
    input: everyRow,
    options: fc.constantFrom({}, { reason: 'a is {a}' }, { reason: 'so' }),
    answer: rows => ({ ports: { main: [] }, dead: [...rows.keys()] }),
  },
})

sameInOtherPages(test, deadLetter, { options: fc.constantFrom({}, { reason: '{a}-{delay}' }) })

async function reasons(reason: string | undefined, rows: readonly Row[], selection?: Int32Array): Promise<string[]> {
  const given: string[] = []
  const context = { step: 'end', dead: (_: unknown, __: number, error: unknown) => void given.push((error as Error).message) }
  const subject = new Subject<Flow>()
  const options = reason === undefined ? {} : { reason }
  subject.pipe(await deadLetter.create(options, context as unknown as StepContext)).subscribe()
  const page = pageOf(rows, { order: Float64Array.from(rows.keys()) })
  subject.next(selection ? selectRows(page, selection) : page)
  return given
}

test('the reason has the columns of the row', async () => {
  assert.equal(await reasons('no {a}, {{b}}', [{ a: 'JFK' }, { a: 7 }, { a: true }]), ['no JFK, {b}', 'no 7, {b}', 'no true, {b}'])
  assert.equal(await reasons('no {a}', [{ a: 1 }, { a: 2 }, { a: 3 }], Int32Array.of(2)), ['no 3'])
})

test('there is a reason also when a column of it is null or an object, or none was given', async () => {
  for (const reason of await reasons('no {a}', [{ a: null }, { a: [1] }, { b: 1 }])) assert.match(reason, /^no \{a\} \(.*a/)
  assert.equal(await reasons(undefined, [{ a: 1 }]), ['given up by end'])
})

test('all columns come in, for they are what the letter holds', () => {
  assert.equal(
    deadLetter.needs(
      { reason: '{$stream}' },
      () => new Set(),
      () => undefined,
    ),
    new Set(['*', '$stream']),
  )
})

test.run()
