/** Two things that only show in numbers: a version map that grows in the middle of a check, and a read while others append. */
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

test('a read of all ends where the log ended when it began, though others go on appending', async () => {
  const node = await openNode({ memory: true, partitions: 4 })
  await node.appendToStream('first', { type: 't', data: 0 })
  let read = 0
  for await (const event of node.readAll()) {
    read++
    await node.appendToStream('more', { type: 't', data: event.sequence })
    assert.ok(read < 10, 'it chases the head')
  }
  assert.is(read, 1)
  await node.close()
})

test.run()
