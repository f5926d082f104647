/** `dedupe` against the contract; its twin keeps a map of first times. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { dedupe } from '../../operators/dedupe.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Row } from '../../operators/flow.ts'
import { Subject } from 'rxjs'
import { operatorContract } from '../contract/operator.ts'
import { flowsOf, MemoryState } from '../contract/operator-run.ts'
import { stamped, withBarriers } from './arbitrary.ts'
import { contextWith, keyName, keys, plain } from './keyed-inputs.ts'

const row = fc.record({ at: fc.integer({ min: 0, max: 200 }), key: keys, second: fc.constantFrom('a', null) })

const test = operatorContract(dedupe, {
  poison: { skip: 'it looks at nothing that can fail' },
  twin: {
    // The second kind is what several inputs bring: stamps that fall.
    input: fc.oneof(
      withBarriers(row, 80).map(input => stamped(input, 30)),
      withBarriers(row, 80).map(input =>
        input.map(one =>
          typeof one === 'string' ? one : { ...one, $eventTime: one['at'], $watermark: ((one['at'] as number) * 7) % 150 },
        ),
      ),
    ),
    options: fc
      .record({ by: fc.constantFrom(['key'], ['key', 'second']), ttl: fc.constantFrom(0, 40, 150) })
      .map(({ by, ttl }) => (ttl === 0 && by.length === 2 ? { by } : { by, ttl })),
    answer(rows, { by, ttl }) {
      const first = new Map<string, number>()
      let clock = -Infinity
      const kept = rows.filter(one => {
        clock = Math.max(clock, one['$watermark'] as number)
        const name = keyName(one, by as string[])
        const time = first.get(name)
        if (time !== undefined && clock < time + ((ttl as number | undefined) ?? Infinity)) return false
        first.set(name, one['$eventTime'] as number)
        return true
      })
      return { ports: { main: kept.map(plain) }, dead: [] }
    },
    numRuns: 150,
  },
})

test('a ttl needs an event time', () => {
  const types = (options: object, isTimed: boolean): unknown => dedupe.types?.(options, { ...anyRow, isTimed }, () => undefined)
  assert.throws(
    () => types({ ttl: '1d' }, false),
    (error: unknown) => isEventStoreError(error, 'INVALID') && error.details['option'] === 'ttl',
  )
  types({ ttl: '1d' }, true)
  types({}, false)
})

test('keys whose time is over leave memory and disk', async () => {
  const state = new MemoryState()
  const subject = new Subject<never>()
  let passed = 0
  subject.pipe(await dedupe.create({ by: ['id'], ttl: 800 }, contextWith(state))).subscribe(flow => {
    if (flow.kind === 'page') passed += flow.selection?.length ?? flow.count
  })
  const input = Array.from({ length: 20_000 }, (_, at): Row => ({ id: `id ${at % 15_000}`, $eventTime: at, $watermark: at - 1 }))
  for (const [index, flow] of flowsOf({ input, pageRows: 100 }).entries()) {
    subject.next(flow as never)
    if (index % 10 === 0) subject.next({ kind: 'barrier', epoch: index } as never)
  }
  subject.next({ kind: 'barrier', epoch: 0 } as never)
  assert.is(passed, 20_000)
  // Those of the ttl, an eighth more until they are looked through, a page, and the two rows that say what they are.
  assert.ok(state.rowsByKey.size <= 800 + 100 + 100 + 2, String(state.rowsByKey.size))
  assert.ok(state.rowsByKey.size >= 800)
})

test.run()
