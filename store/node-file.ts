/** `node.json`: which process runs a node on a directory, for tools that look for it and for the words of LOCKED. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../event/clock.ts'
import { writeWhole } from './files.ts'

export interface NodeFile {
  readonly pid: number
  /** When it was opened, ISO 8601; '' where a file does not say. */
  readonly started: string
  /** Where the node listens, by protocol; empty when it serves nobody. */
  readonly addresses: Readonly<Record<string, string>>
}

export interface Holder extends NodeFile {
  /** False: the process is gone and did not tidy up. Its number may have been given to another. */
  readonly alive: boolean
}

const nodeFilePath = (directory: string): string => join(directory, 'node.json')

/** Written again with other addresses, it keeps its time. */
export function writeNodeFile(directory: string, addresses: Readonly<Record<string, string>> = {}): void {
  const { pid } = process
  const known = readNodeFile(directory)
  const started = known?.pid === pid && known.started !== '' ? known.started : new Date(systemClock.now()).toISOString()
  writeWhole(nodeFilePath(directory), Buffer.from(`${JSON.stringify({ pid, started, addresses })}\n`))
}

/** Leaves a file alone that another process has written meanwhile. */
export function removeNodeFile(directory: string): void {
  if (readNodeFile(directory)?.pid === process.pid) rmSync(nodeFilePath(directory), { force: true })
}

/** Undefined when there is no file, or none that can be read: it only informs, RocksDB's own lock decides. */
export function whoHolds(directory: string): Holder | undefined {
  const file = readNodeFile(directory)
  return file && { ...file, alive: isAlive(file.pid) }
}

/** For a LOCKED message: "process 4711, which serves http://127.0.0.1:7070", or what is known instead. */
export function holderInWords(directory: string): string {
  const holder = whoHolds(directory)
  if (holder === undefined || !holder.alive) return 'another process'
  const addresses = Object.values(holder.addresses)
  const serves = addresses.length === 0 ? '' : `, which serves ${addresses.join(' and ')}`
  return (holder.pid === process.pid ? 'this process' : `process ${holder.pid}`) + serves
}

function readNodeFile(directory: string): NodeFile | undefined {
  try {
    const { pid, started, addresses } = JSON.parse(readFileSync(nodeFilePath(directory), 'utf8')) as Partial<NodeFile>
    return Number.isSafeInteger(pid) && pid! > 0
      ? { pid: pid!, started: typeof started === 'string' ? started : '', addresses: addresses ?? {} }
      : undefined
  } catch {
    return undefined
  }
}

/** Signal 0 asks only; a process of another user answers EPERM and lives. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
