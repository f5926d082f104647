/** What the tests of deployments share: where their topologies are, what they pay, and what they read. */
import * as assert from 'uvu/assert'
import { EventStoreError, type Node } from '../../runtime/index.ts'

export const topologyModule = (name: string): URL => new URL(`./topologies/${name}.ts`, import.meta.url)

/** `count` payments of five customers, one a minute from the epoch on; each tenth customer owes. */
export async function pay(node: Node, count: number, first = 0): Promise<void> {
  const items = Array.from({ length: count }, (_, i) => {
    const number = first + i
    const cents = number % 10 === 9 ? -1 : (number * 37) % 300
    return { stream: `customer-${number % 5}`, event: { type: 'paid', data: { customer: `c${number % 5}`, cents, at: number * 60_000 } } }
  })
  await node.appendInOrder(items)
}

export async function listOf(node: Node, projection: string): Promise<{ key: readonly unknown[]; value: unknown }[]> {
  const rows: { key: readonly unknown[]; value: unknown }[] = []
  for await (const row of node.state(projection).list()) rows.push(row)
  return rows
}

export async function dataOf(node: Node, stream: string): Promise<unknown[]> {
  const data: unknown[] = []
  if ((await node.streamVersion(stream)) > 0) for await (const event of node.readStream(stream)) data.push(event.data)
  return data
}

/** What was thrown, which must be an error of ours. */
export async function refusal(work: Promise<unknown>): Promise<EventStoreError> {
  const error = await work.then(
    () => new Error('it was taken'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof EventStoreError, String(error))
  return error
}

/** Waits until something is so; the test's own deadline ends it otherwise. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await new Promise(resolve => setTimeout(resolve, 5))
}
