/** A process that folds readings by the clock and waits to be killed. */
import { openNode } from '../../runtime/index.ts'
import { topologyModule } from '../runtime/deployed-node.ts'

const [directory = '', life = '0'] = process.argv.slice(2)
const node = await openNode({ directory, epochMs: 20, workers: 1 })
if (life === '0') for (const name of ['idle', 'processing']) await node.deploy(topologyModule('clock'), { export: name })
const first = Number(life) * 1000
await node.appendToStream(
  'sensor-1',
  Array.from({ length: 7 }, (_, at) => ({ type: 'reading', data: { at: first + at * 30, sensor: `s${at % 2}` } })),
)
console.log('appended')
setInterval(() => undefined, 1000)
