/** `inOrder` as the check and the types of the builder see it. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { topologyIssues } from '../../topology/check.ts'
import { topology } from '../../topology/pipeline.ts'
import { planTopology } from '../../topology/plan.ts'
import { readTopologyText } from '../../topology/read/read.ts'
import type { Step, Topology } from '../../topology/topology.ts'

interface Order {
  readonly customer: string
  readonly total: number
}

const follow = { id: 'log', kind: 'log', types: ['order.placed'], fields: { customer: 'text', total: 'number' } } as const
const filter: Step = { id: 'a', operator: 'filter', options: { where: 'total > 1' }, from: [{ step: 'log', port: 'main' }] }

const paths = (steps: readonly unknown[], sources: Topology['sources'] = [follow]): unknown =>
  topologyIssues({ name: 't', version: 1, sources, steps: steps as readonly Step[] }).map(({ step, path }) => [step, path.join('.')])

test('names columns that come in, and nothing else', () => {
  for (const inOrder of [['customer'], ['customer', 'total'], ['$stream']]) assert.equal(paths([{ ...filter, inOrder }]), [])
  for (const inOrder of [[], 'customer', 5, null, {}, [1], [''], ['customer', 'customer'], [null]])
    assert.equal(paths([{ ...filter, inOrder }]), [['a', 'inOrder']], JSON.stringify(inOrder))
  assert.equal(paths([{ ...filter, inOrder: ['customer', 'nobody', '__proto__'] }]), [['a', 'inOrder.1'], ['a', 'inOrder.2']]) // prettier-ignore
  assert.equal(
    paths([
      filter,
      {
        ...filter,
        id: 'b',
        operator: 'select',
        options: { columns: ['total'] },
        from: [{ step: 'a', port: 'main' }],
        inOrder: ['customer'],
      },
      { ...filter, id: 'c', from: [{ step: 'b', port: 'main' }], inOrder: ['customer'] },
    ]),
    [['c', 'inOrder.0']],
  )
})

test('is refused where no letter could wait, or none could come back', () => {
  const beside = { inOrder: ['customer'], from: filter.from }
  const refused: [string, object][] = [
    ['keyBy', { fields: ['customer'] }],
    ['drop', { columns: ['total'] }],
    ['rename', { columns: { who: 'customer' } }],
    ['merge', {}],
    ['deadLetter', {}],
  ]
  for (const [operator, options] of refused) assert.equal(paths([{ id: 'x', operator, options, ...beside }]), [['x', 'inOrder']], operator)
  const generated = { id: 'log', kind: 'generate', reference: './f.ts#pages', options: {} } as const
  assert.equal(paths([{ ...filter, inOrder: ['customer'] }], [generated]), [['a', 'inOrder']])
  const caught = { id: 'c', operator: 'catch', options: {}, from: [{ step: 'a', port: 'dead' }] }
  assert.equal(paths([filter, caught]), [])
  assert.equal(paths([{ ...filter, inOrder: ['customer'] }, caught]), [['c', 'from.0']])
})

test('the builder knows the columns, and a plan reads them', async () => {
  const orders = topology('t', { version: 1 }).follow<Order>({ types: ['order.placed'], fields: { customer: 'text', total: 'number' } })
  const made = orders.select(['total'], { id: 'totals', inOrder: ['customer'] }).projection({ name: 'p', key: ['total'] })
  const { source, steps } = await planTopology(made.definition)
  assert.equal(steps.map(({ inOrder }) => inOrder), [['customer'], undefined]) // prettier-ignore
  assert.equal(source.kind === 'log' && source.fields, ['customer', 'total'])
  // @ts-expect-error there is no such column
  orders.filter('total > 1', { inOrder: ['nobody'] })
  // @ts-expect-error it gives up no rows
  orders.drop(['total'], { inOrder: ['customer'] })
  assert.throws(() => made.definition)
})

test('the files on docs/dead-letters.md are right', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/dead-letters.md'), 'utf8')
  const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => block)
  assert.is(blocks.length, 2)
  for (const block of blocks) assert.equal(readTopologyText(block).findings, [])
})

test.run()
