/** Topologies of the tests that hand numbers on to one another: each event becomes one of the next type, and the last tells the web. */
import { topology, type TopologyBuilder } from '../../../topology/pipeline.ts'

function relay(from: number): TopologyBuilder {
  return topology(`relay-${from}`, { version: 1 })
    .follow<{ readonly number: number; readonly to: string }>({ types: [`leg-${from}`] })
    .append({ id: 'on', stream: `leg-${from + 1}`, type: `leg-${from + 1}`, data: ['number', 'to'] })
}

export default relay(1)
export const second = relay(2)
export const third = relay(3)

export const last = topology('last', { version: 1 })
  .follow<{ readonly number: number; readonly to: string }>({ types: ['leg-4'] })
  .webhook({ id: 'notify', url: '{to}', body: ['number'], attempts: 100 })
