/** More streams than the version map begins with: it grows in the middle of checking an expectation. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'

test('the first append to each of 30,000 streams finds it empty', async () => {
  const node = await openNode({ memory: true })
  const answers: Promise<unknown>[] = []
  for (let i = 0; i < 30_000; i++) answers.push(node.appendToStream(`order-${i}`, { type: 'placed', data: i }, { expectedVersion: 0 }))
  const settled = await Promise.allSettled(answers)
  assert.equal(
    settled.filter(({ status }) => status === 'rejected'),
    [],
  )
  await node.close()
})

test.run()
