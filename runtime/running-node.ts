/** Which node runs on a directory, for programs that would rather ask it than open the directory. Loads no database. */
import { whoHolds } from '../store/node-file.ts'

export interface RunningNode {
  readonly pid: number
  /** Where it listens, by protocol: `http`, `socket`; empty when it serves nobody. */
  readonly addresses: Readonly<Record<string, string>>
}

/** What `node.json` says, as long as there is a process of that number: after a crash it may be another's, so an address is tried before it is trusted. */
export function runningNode(directory: string): RunningNode | undefined {
  const holder = whoHolds(directory)
  return holder?.alive ? { pid: holder.pid, addresses: holder.addresses } : undefined
}
