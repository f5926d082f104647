/** What `projection` refuses, and the topology that it becomes. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { topologyIssues } from '../../topology/check.ts'
import type { Topology } from '../../topology/topology.ts'
import { isProjection, projection, type ProjectionSpec, topologyOfProjection } from '../../topology/projection.ts'

const spec: ProjectionSpec = { name: 'totals', revision: 1, initial: 0, key: () => 'all', fold: state => (state as number) + 1 }

function fieldRefused(change: Readonly<Record<string, unknown>>): unknown {
  try {
    projection({ ...spec, ...change } as ProjectionSpec)
  } catch (error) {
    return isEventStoreError(error, 'INVALID') ? error.details['field'] : error
  }
  return 'none'
}

test('a bad field is named', () => {
  const bad: readonly (readonly [string, readonly unknown[]])[] = [
    ['name', [undefined, '', 5]],
    ['revision', [undefined, 0, -1, 1.5, '1', NaN]],
    ['types', ['placed', [], [''], [1], ['a', 'a']]],
    ['categories', ['order', [], [null]]],
    ['initial', [undefined, new Map(), NaN, { at: new Date(0) }, 5n]],
    ['key', [undefined, 'customer', {}]],
    ['fold', [undefined, './fold.ts#fold']],
    ['upgrade', [5, {}]],
    ['reduce', [() => 1]],
  ]
  for (const [field, values] of bad)
    for (const value of values) assert.is(fieldRefused({ [field]: value }), field, `${field}: ${String(value)}`)
  assert.is(fieldRefused({}), 'none')
  for (const value of [undefined, null, [], 'totals']) assert.throws(() => projection(value as unknown as ProjectionSpec))
})

test('it becomes a topology of one step, and its revision the version', () => {
  const made = projection({ ...spec, revision: 3, types: ['placed'], categories: ['order'] })
  assert.ok(isProjection(made) && Object.isFrozen(made))
  assert.equal(topologyOfProjection(made, 'default'), {
    name: 'totals',
    version: 3,
    sources: [{ id: 'log', kind: 'log', types: ['placed'], categories: ['order'] }],
    steps: [
      {
        id: 'fold',
        operator: 'foldInto',
        options: { name: 'totals', with: '#default', revision: 3 },
        from: [{ step: 'log', port: 'main' }],
      },
    ],
  })
  assert.not(isProjection(spec))
})

test('a name that no topology may have is refused', () => {
  try {
    topologyOfProjection(projection({ ...spec, name: 'with blanks' }), 'default')
    assert.unreachable()
  } catch (error) {
    assert.ok(isEventStoreError(error, 'INVALID'), String(error))
  }
})

test('a fold has its rows for itself', () => {
  const two = (other: string, options: object): Topology => ({
    name: 'two',
    version: 1,
    sources: [{ id: 'log', kind: 'log' }],
    steps: [
      { id: 'one', operator: 'foldInto', options: { name: 'totals', with: '#a' }, from: [{ step: 'log', port: 'main' }] },
      { id: 'other', operator: other, options: { name: 'totals', ...options }, from: [{ step: 'log', port: 'main' }] },
    ],
  })
  assert.equal(topologyIssues(two('foldInto', { with: '#b' })).map(({ step }) => step), ['one', 'other']) // prettier-ignore
  assert.equal(topologyIssues(two('projection', { key: ['a'] })).map(({ step }) => step), ['one', 'other']) // prettier-ignore
  assert.equal(topologyIssues(two('foldInto', { with: '#b', name: 'others' })), [])
})

test('types follow the events', () => {
  type Placed = { readonly type: 'placed'; readonly data: { readonly total: number } }
  const parts = { name: 'totals', revision: 1, key: () => 'all' }
  const made = projection<Placed, { sum: number }>({
    ...parts,
    initial: { sum: 0 },
    // @ts-expect-error the data has no such field
    fold: ({ sum }, { data }) => ({ sum: sum + (data.sum as number) }),
  })
  assert.is(made.kind, 'projection')
  // @ts-expect-error no event has this type
  assert.ok(projection<Placed, number>({ ...parts, types: ['paid'], initial: 0, fold: sum => sum }))
  // @ts-expect-error a fold answers with a state
  assert.ok(projection<Placed, number>({ ...parts, initial: 0, fold: () => 'text' }))
})

test.run()
