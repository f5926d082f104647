/** Topologies of the tests that keep their dead letters in order: a step, and two behind each other. */
import { rows } from '../../../operators/functions.ts'
import { topology, type TopologyBuilder } from '../../../topology/pipeline.ts'

type Made = {
  readonly i: number
  readonly key: string
  readonly n: number
}

export const isFine = rows<Made, boolean>({ reads: ['n'] }, ({ n }) => {
  if (n < 0) throw new RangeError(`${n} is negative`)
  return true
})

export const isSmall = rows<Made, boolean>({ reads: ['n'] }, ({ n }) => {
  if (n > 99) throw new RangeError(`${n} is large`)
  return true
})

function inOrder(name: string): TopologyBuilder {
  const made = topology(name, { version: 1 }).follow<Made>({ types: ['made'] })
  const fine = made.filter('./in-order.ts#isFine', { id: 'fine', inOrder: ['key'] })
  return fine.filter('./in-order.ts#isSmall', { id: 'small', inOrder: ['key'] }).append({ id: 'out', stream: name, type: 'passed' })
}

export default inOrder('in-order')
export const ends = inOrder('in-order-ends')
