/** A day at the bank: customers at several counters at once, and one who asks for too much. */
import { openNode } from '../../runtime/index.ts'
import { handle, Refused } from './account.ts'

const node = await openNode({ directory: process.env['ALLSOURCE_DATA'] ?? 'data/bank' })
try {
  for (const [id, owner, limit] of [
    ['1', 'Ada', 1000],
    ['2', 'Bob', 0],
    ['3', 'Eve', 0],
  ] as const)
    // prettier-ignore
    await handle(node, id, { kind: 'open', owner, limit })
  // Forty deposits on one account at the same time: each decides by what the others left, and none is lost.
  const counters = Array.from({ length: 40 }, (_, counter) =>
    handle(node, '1', { kind: 'deposit', cents: 100 + counter }, { retries: 100 }),
  )
  await Promise.all(counters)
  await handle(node, '2', { kind: 'deposit', cents: 2500 })
  const { state, version } = await handle(node, '1', { kind: 'withdraw', cents: 5000 })
  console.log(`account 1 is at version ${version} with ${state.cents} cents`)
  await handle(node, '2', { kind: 'withdraw', cents: 9900 }).catch((error: unknown) => {
    if (!(error instanceof Refused)) throw error
    console.log(`account 2: ${error.message}`)
  })
  await handle(node, '3', { kind: 'close' })
} finally {
  await node.close()
}
