/** A thread that reads an attached database until it is told to stop by a code; started by rocks.disk.test.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { isEventStoreError } from '../../event/error.ts'
import { attachRocks } from '../../store/rocks.ts'
import { bytes, text } from '../contract/key-value.ts'

const { handle, closed } = workerData as { handle: bigint; closed: Int32Array }
const database = attachRocks<'index'>(handle, closed)
const keys = Array.from({ length: 20 }, (_, i) => bytes(`row ${i}`))
let reads = 0
let wrong = 0
parentPort!.postMessage('started')
try {
  for (;;) {
    const { values } = database.scan('index', {})
    if (values.length !== 20 || values.some(value => text(value) !== text(values[0]))) wrong++
    if (database.getMany('index', keys).some(value => value === undefined)) wrong++
    reads++
  }
} catch (error) {
  parentPort!.postMessage({ reads, wrong, code: isEventStoreError(error) ? error.code : String(error) })
}
