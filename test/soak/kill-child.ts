/** The victim of the kill test: opens a store, sends from all lanes at once, and tells the judge of each answer before a lane sends again. */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { isEventStoreError } from '../../event/error.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { commandAtRandom } from './kill-commands.ts'
import { eventOf, type Lane, lanes, type Line, type Order, ORDERED, type Place, requestOf, streamOf } from './kill-lanes.ts'

const JUDGE = 3

function tell(line: Line): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(JUDGE, bytes, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

/** Set while the writers rest. */
let resting: Promise<void> | null = null
/** Resolved with the next answer to a command. */
let answer = Promise.withResolvers<void>()

/**
 * Beside a topology writers rest until a command was answered, mostly, so that commands come often on a small machine, too; a burst is all lanes
 * at once.
 */
async function sendInBursts(): Promise<void> {
  for (;;) {
    await sleep(5 + Math.random() * 20)
    const { promise, resolve } = Promise.withResolvers<void>()
    resting = promise
    const isHasty = Math.random() < 0.2
    await (isHasty ? sleep(50) : Promise.race([answer.promise, sleep(2000)]))
    resting = null
    resolve()
  }
}

/** A lane ends when the node closes. Anything else that is refused is for the judge. */
async function send(node: Node, lane: Lane, first: number): Promise<void> {
  for (let request = first; ; request++) {
    for (;;) {
      if (resting) await resting
      try {
        const place = lane.kind === 'ordered' ? await sendOrdered(node, lane, request) : await sendOne(node, lane, request)
        tell({ lane: lane.lane, request, place })
        break
      } catch (error) {
        if (isEventStoreError(error, 'CLOSED')) return
        if (!isEventStoreError(error, 'BUSY')) {
          tell({ wrong: `lane ${lane.lane} (${lane.kind}), request ${request}: ${String(error)}` })
          return
        }
        await sleep(1)
      }
    }
  }
}

async function sendOne(node: Node, lane: Lane, request: number): Promise<Place | null> {
  const { stream, events, options } = requestOf(lane, request)
  const answer = await node.appendToStream(stream, events, options)
  if (answer.duplicate) return null
  const { partition, firstSequence, firstVersion, version } = answer
  return { partition, firstSequence, firstVersion, version }
}

async function sendOrdered(node: Node, lane: Lane, request: number): Promise<null> {
  const items = Array.from({ length: ORDERED }, (_, index) => ({
    stream: streamOf(lane, request, index),
    event: eventOf(lane, request, index),
  }))
  await node.appendInOrder(items)
  return null
}

async function run(order: Order): Promise<void> {
  const { directory, partitions, shards, segmentEntries, closeAfterMs, next, topology, durability } = order
  tell({ phase: 'opening' })
  const node = await openNode({ directory, partitions, shards, limits: { segmentEntries }, epochMs: 20, durability })
  tell({ phase: 'open' })
  if (topology && !(await node.topologies()).some(({ name }) => name === 'sums')) await node.deploy(topology, { export: 'sums' })
  const sent = lanes.map(lane => send(node, lane, next[lane.lane]!))
  const commanded = topology ? answer.promise : null
  if (topology) {
    const told = (line: Line): void => {
      tell(line)
      if (!('done' in line || 'wrong' in line)) return
      answer.resolve()
      answer = Promise.withResolvers<void>()
    }
    sent.push(commandAtRandom(node, told))
    void sendInBursts()
  }
  const report = setInterval(() => {
    tell({ flying: node.router.pending, segments: node.view.shards.reduce((sum, { shared }) => sum + shared.segment, 0) })
  }, 1)
  if (closeAfterMs === null) return
  await commanded
  await sleep(closeAfterMs)
  tell({ phase: 'closing' })
  await node.close()
  await Promise.all(sent)
  clearInterval(report)
  tell({ phase: 'closed' })
}

const input = createInterface({ input: process.stdin })
input.once('line', line => {
  input.close()
  run(JSON.parse(line) as Order).catch((error: unknown) => {
    tell({ wrong: String(error) })
    process.exit(1)
  })
})
