/** Topologies of the tests whose functions do what no function should. */
import { rows } from '../../../operators/functions.ts'
import { topology, type TopologyBuilder } from '../../../topology/pipeline.ts'

type Paid = {
  readonly customer: string
  readonly cents: number
}

export const hangs = rows<Paid, boolean>({ reads: ['cents'] }, ({ cents }) => {
  while (cents === 13);
  return true
})

export const exits = rows<Paid, boolean>({ reads: ['cents'] }, ({ cents }) => {
  if (cents === 13) process.exit(7)
  return true
})

function trap(name: 'hangs' | 'exits'): TopologyBuilder {
  return topology(name, { version: 1 })
    .follow<Paid>({ types: ['paid'] })
    .filter(`./traps.ts#${name}`, { id: 'trap' })
    .projection({ id: 'rows', name, key: ['customer', 'cents'], value: ['cents'] })
}

export const hanging = trap('hangs')
export const exiting = trap('exits')
