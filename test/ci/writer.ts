/** Appends until the disk refuses, then tells what was answered, what a later append is answered, and what can still be read. */
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { isEventStoreError } from '../../event/error.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import type { End, Told } from './faults.ts'

const LANES = 40
const DATA_BYTES = 20_000

/** Whole lines before it returns, also when the pipe is full because whoever reads it is slow. */
function tell(line: Told): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

/** Payloads that do not compress. Ends with the code of the first refusal. */
async function append(node: Node, lane: number): Promise<string> {
  for (let n = 0; ; n++) {
    const id = `${lane}-${n}`
    try {
      await node.appendToStream(`lane-${lane}`, { type: 'filled', data: randomBytes(DATA_BYTES), id }, { expectedVersion: n })
      tell({ acknowledged: id })
    } catch (error) {
      return codeOf(error)
    }
  }
}

const codeOf = (error: unknown): string => (isEventStoreError(error) ? error.code : String(error))

async function laterAppend(node: Node): Promise<string> {
  return node.appendToStream('later', { type: 'later', data: 1 }).then(() => 'stored', codeOf)
}

async function countAll(node: Node): Promise<number> {
  let count = 0
  for await (const _ of node.readAll()) count++
  return count
}

async function run(): Promise<void> {
  const node = await openNode({ directory: process.argv[2]!, partitions: 4, shards: 1 })
  tell({ open: true })
  const codes = await Promise.all(Array.from({ length: LANES }, (_, lane) => append(node, lane)))
  const later = [await laterAppend(node), await laterAppend(node)]
  const end: End = { codes: [...new Set(codes)].sort(), later, readable: await countAll(node) }
  tell({ end })
  createInterface({ input: process.stdin }).once('close', () => {
    node.close().then(
      () => process.exit(0),
      () => process.exit(0),
    )
  })
}

run().catch((error: unknown) => {
  tell({ failed: codeOf(error) })
  process.exit(1)
})
