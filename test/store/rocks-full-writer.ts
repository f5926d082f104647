/** A process whose files may not grow far: writes until it is refused and prints what then holds; started by rocks-full.disk.test.ts. */
import { isEventStoreError } from '../../event/error.ts'
import { openRocks } from '../../store/rocks.ts'
import { bytes } from '../contract/key-value.ts'

const database = await openRocks(process.argv[2]!, { columns: { log: 'rising' } })
const batch = database.batch()
let acknowledged = 0

function write(row: number): string {
  batch.clear()
  batch.put('log', bytes(`row ${row}`), new Uint8Array(10_000).fill(row))
  try {
    database.write(batch, { sync: true })
    return 'written'
  } catch (error) {
    return isEventStoreError(error) ? error.code : String(error)
  }
}

let refusal = 'written'
while (refusal === 'written' && acknowledged < 1_000) {
  refusal = write(acknowledged)
  if (refusal === 'written') acknowledged++
}
const second = write(acknowledged)
const readable = database.scan('log', {}).keys.length
await database.close()
process.stdout.write(JSON.stringify({ acknowledged, refusal, second, readable }))
