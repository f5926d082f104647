/** Runs random topologies on nodes, in memory or on disk and closed in the middle, and gathers what must be the same each time. */
import { isDeepStrictEqual } from 'node:util'
import { STAMP_EPOCH_MS } from '../../event/stamp.ts'
import type { NewEvent } from '../../event/event.ts'
import { type Node, openNode, type OpenOptions, type StateListOptions } from '../../runtime/index.ts'
import type { GivenEvent } from '../../runtime/trial/given-log.ts'
import type { Topology } from '../../topology/topology.ts'
import { partitions } from './random-logs.ts'
import type { Results } from './random-runs.ts'
import type { Case } from './random-shrink.ts'

export interface NodeShape extends Pick<OpenOptions, 'directory' | 'epochMs'> {
  readonly pageRows: number
  /** What the state of a topology may take in memory. */
  readonly stateBytes?: number
  /** On disk: after how many ms it is closed and opened again, one time after the other. */
  readonly closings?: readonly number[]
}

/** What is appended for a case, in order. */
export function givenEvents({ log }: Case): { readonly stream: string; readonly event: NewEvent }[] {
  return log.flatMap(given => {
    const event = newEvent(given)
    return event === undefined ? [] : [{ stream: given.stream, event }]
  })
}

/** Undefined for what a log does not take: it can only get there by damage. */
function newEvent({ type, data, encoding }: GivenEvent): NewEvent | undefined {
  if (encoding === 'bytes') return { type, data, encoding }
  if (encoding === 'msgpack') return data[0] === 0xc1 ? undefined : { type, data, encoding }
  try {
    return { type, data: JSON.parse(Buffer.from(data).toString()) as unknown }
  } catch {
    return undefined
  }
}

export async function runOnNode(
  seed: number,
  one: Case,
  { pageRows, stateBytes, closings = [], directory, epochMs = 100 }: NodeShape,
): Promise<Results> {
  const where = directory === undefined ? { memory: true as const } : { directory }
  const limits = { pageRows, ...(stateBytes !== undefined && { stateBytes }) }
  const open = (): Promise<Node> => openNode({ ...where, epochMs, limits, partitions, workers: 1, durability: 'os' })
  let node = await open()
  await node.appendInOrder(givenEvents(one))
  await node.deploy(new URL(`random-module.ts?seed=${seed}`, import.meta.url), { export: 'made', until: 'head' })
  for (const afterMs of closings) {
    await new Promise(resolve => setTimeout(resolve, afterMs))
    await node.close()
    node = await open()
  }
  const { topology } = one
  const { status, steps, rowsIn } = await node.topologyEnded(topology.name)
  const results = {
    ...(await seen(node, topology)),
    status: [status, String(rowsIn)],
    counters: steps.map(step => JSON.stringify({ ...step, busyMs: undefined })),
  }
  await node.close()
  return results
}

/** All that a topology has brought about on a node. */
export async function seen(node: Node, { steps }: Topology): Promise<Results> {
  const lists: Record<string, string[]> = {}
  const given: string[] = []
  for await (const { stream, type, data, time, position: at } of node.readAll()) {
    if (!stream.startsWith('out-') && !stream.startsWith('$dead-letter-')) {
      given.push(at)
      continue
    }
    const { step = '', position, ...letter } = (type === 'dead-letter' ? data : {}) as Record<string, unknown>
    const text =
      type === 'dead-letter'
        ? JSON.stringify({ ...letter, hasPosition: position !== null })
        : JSON.stringify([type, data, eventTimeOf(time)])
    ;(lists[`${stream} ${String(step)}`] ??= []).push(text)
  }
  for (const name of new Set(steps.flatMap(({ operator, options }) => (operator === 'projection' ? [options['name'] as string] : [])))) {
    const rowsOf = async (options: StateListOptions): Promise<string[]> =>
      (await Array.fromAsync(node.state(name).list(options))).map(({ key, value }) => JSON.stringify([key, value]))
    lists[`rows ${name}`] = await rowsOf({})
    if (!isDeepStrictEqual(await rowsOf({ asOf: new Date('2200-01-01') }), lists[`rows ${name}`]))
      throw new Error(`the rows of ${name} as of now are not those there are`)
    const middle = given[given.length >> 1]
    if (middle !== undefined) lists[`rows ${name} as of the middle`] = await rowsOf({ asOf: middle })
  }
  return Object.fromEntries(Object.entries(lists).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Random event times are long ago; any other is when the node wrote the event. */
function eventTimeOf(time: Date | number): number | null {
  return Number(time) < STAMP_EPOCH_MS ? Number(time) : null
}
