/** A process that holds a store open until its input ends. */
import { once } from 'node:events'
import { openNode } from '../../runtime/index.ts'

const node = await openNode({ directory: process.argv[2]!, acceptLoss: process.argv[3] === 'acceptLoss' })
console.log('open')
process.stdin.resume()
await once(process.stdin, 'end')
await node.close()
