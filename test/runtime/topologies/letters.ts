/** Topologies of the tests whose rows die: at a function, and in a window. */
import { rows } from '../../../operators/functions.ts'
import { count, sum, topology, type TopologyBuilder } from '../../../topology/pipeline.ts'

type Made = {
  readonly at: number
  readonly key: string
  readonly n: number
}

export const isFine = rows<Made, boolean>({ reads: ['n'] }, ({ n }) => {
  if (n < 0) throw new RangeError(`${n} is negative`)
  return true
})

export const isNever = rows<Made, boolean>({ reads: ['n'] }, ({ n }) => {
  throw new Error(`never ${n}`)
})

/** A negative number dies at `fine`, a text in the window. */
function letters(name: string): TopologyBuilder {
  const fine = topology(name, { version: 1 })
    .follow<Made>({ types: ['made'] })
    .eventTime({ id: 'time', field: 'at', lag: 0 })
    .filter('./letters.ts#isFine', { id: 'fine' })
  fine.projection({ id: 'rows', name: `${name}-rows`, key: ['key', 'n'], value: ['at'] })
  const windows = fine.keyBy('key').tumble({ id: 'w', size: 100, aggregate: { count: count(), sum: sum('n') } })
  windows.late.append({ id: 'late', stream: `${name}-late`, type: 'late', data: ['at', 'key', 'n'] })
  return windows.append({ id: 'out', stream: `${name}-windows`, type: 'window' })
}

export default letters('letters')
export const ends = letters('ends')

const made = topology('generated-letters', { version: 1 }).generate<{ n: number }>('./generated.ts#squares', { last: 20 })
export const generated = made.filter('./letters.ts#isNever', { id: 'never' }).projection({ id: 'rows', name: 'never', key: ['n'] })

/** One branch of two dies with every row. */
const both = topology('branches', { version: 1 }).follow<Made>({ types: ['made'] })
both.filter('./letters.ts#isNever', { id: 'never' }).projection({ id: 'none', name: 'none', key: ['n'] })
export const branches = both.projection({ id: 'rows', name: 'branch', key: ['n'], value: ['at'] })
