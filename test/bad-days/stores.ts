/** Stores for bad days: made once, copied for each harm, and read back whole. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import * as assert from 'uvu/assert'
import type { Event } from '../../event/event.ts'
import { type ErrorCode, isEventStoreError } from '../../event/error.ts'
import { type Node, openNode } from '../../runtime/index.ts'

export const layout = { partitions: 4, shards: 2, limits: { segmentEntries: 64 } } as const

/** Runs with a directory that is gone afterwards. */
export async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'allsource-bad-days-'))
  try {
    return await work(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

export const onCopy = <T>(of: string, work: (directory: string) => Promise<T>): Promise<T> =>
  inDirectory(directory => {
    cpSync(of, directory, { recursive: true })
    return work(directory)
  })

/** One event a request and stream in turn, so that the write-ahead files hold many records. */
export async function fill(node: Node, requests: number, from = 0): Promise<void> {
  for (let n = from; n < from + requests; n++) {
    await node.appendToStream(`stream-${n % 10}`, {
      type: 'counted',
      data: { n, words: 'as it was sent '.repeat(n % 5) },
      ...(n % 3 === 0 && { id: `id-${n}` }),
    })
  }
}

export async function makeStore(directory: string, requests = 200): Promise<void> {
  const node = await openNode({ directory, ...layout })
  await fill(node, requests)
  await node.close()
}

export async function readAll(node: Node): Promise<Event[]> {
  const events: Event[] = []
  for await (const event of node.readAll({ system: true }) as AsyncIterable<Event>) events.push(event)
  return events
}

/** Opens, works, and closes whatever happens. */
export async function withNode<T>(options: Parameters<typeof openNode>[0], work: (node: Node) => Promise<T>): Promise<T> {
  const node = await openNode(options)
  try {
    return await work(node)
  } finally {
    await node.close()
  }
}

/** The failure with this code, or an assertion that fails. */
export async function failure(
  code: ErrorCode,
  work: () => Promise<unknown>,
): Promise<{ details: Readonly<Record<string, unknown>>; message: string }> {
  try {
    await work()
  } catch (error) {
    if (isEventStoreError(error, code)) return error
    assert.unreachable(`${code} was expected, not ${String(error)}`)
  }
  assert.unreachable(`${code} was expected, and nothing failed`)
  throw new Error('never reached')
}

/** Replaces fields of `store.json` as another version would have written them. */
export function rewriteStoreFile(directory: string, change: Readonly<Record<string, unknown>>): void {
  const file = join(directory, 'store.json')
  const { checksum: _, ...fields } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  const changed = { ...fields, ...change }
  const checksum = crc32(JSON.stringify(Object.entries(changed)))
    .toString(16)
    .padStart(8, '0')
  writeFileSync(file, JSON.stringify({ ...changed, checksum }))
}

/** The newest write-ahead file of a database. */
export function writeAheadFile(database: string): string {
  const names = readdirSync(database)
    .filter(name => /^\d+\.log$/.test(name))
    .toSorted()
  return join(database, names[names.length - 1]!)
}

export function flipBit(file: string, at: number, bit = 1): void {
  const bytes = readFileSync(file)
  bytes[at]! ^= bit
  writeFileSync(file, bytes)
}

/** A process that has the store open until `end` is called. */
export async function holder(directory: string): Promise<{ pid: number; end(): Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'holder.ts'), directory], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return {
    pid: child.pid!,
    end: async () => {
      const exited = once(child, 'exit')
      child.stdin.end()
      await exited
    },
  }
}

/** A process that opens the store with acceptLoss and is killed after so many milliseconds. */
export async function openKilled(directory: string, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'holder.ts'), directory, 'acceptLoss'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const exited = once(child, 'exit')
  setTimeout(() => child.kill('SIGKILL'), afterMs)
  await exited
}
