/** Waits for a topology to end, and shows how far it is. */
import { EventStoreError } from '../../event/error.ts'
import type { Node, TopologyStatus } from '../index.ts'
import type { Call } from './command.ts'

const pollMs = 200

/** NOT_FOUND when it is not deployed. */
export async function statusNamed(node: Pick<Node, 'topologies'>, name: string): Promise<TopologyStatus> {
  const status = (await node.topologies()).find(one => one.name === name)
  if (!status) throw new EventStoreError('NOT_FOUND', `topology ${name} is not deployed`, { topology: name })
  return status
}

/** Resolves when the topology has ended or failed, or when a signal says not to wait. */
export async function topologyEnds(node: Node, name: string, { terminal, signal }: Pick<Call, 'terminal' | 'signal'>): Promise<void> {
  const progress = terminal.progress(name, 'bar')
  let hasEnded = false
  const end = node.topologyEnded(name).then(() => (hasEnded = true))
  const stopped = aborted(signal)
  try {
    while (!hasEnded && !signal.aborted) {
      const { rowsIn, lagEvents, late, dead } = await statusNamed(node, name)
      const count = (value: number): string => value.toLocaleString('en-US')
      progress.update(
        rowsIn + lagEvents === 0 ? null : rowsIn / (rowsIn + lagEvents),
        `${count(rowsIn)} rows, ${count(lagEvents)} to go, ${count(late)} late, ${count(dead)} dead`,
      )
      await firstOf([end, stopped], pollMs)
    }
  } finally {
    progress.end()
  }
}

/** Resolves when the signal comes. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** Resolves with the first of them, or after a time. */
export async function firstOf(promises: readonly Promise<unknown>[], ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([...promises, new Promise(resolve => (timer = setTimeout(resolve, ms)))]).finally(() => clearTimeout(timer))
}
