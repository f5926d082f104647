/** Waits for a topology to end, and shows how far it is. */
import { EventStoreError } from '../../event/error.ts'
import type { Topologies, TopologyStatus } from '../../event/topologies.ts'
import type { Call } from './command.ts'
import { deliveriesText } from './topology-output.ts'

const pollMs = 200

/** NOT_FOUND when it is not deployed. */
export async function statusNamed(node: Pick<Topologies, 'topologies'>, name: string): Promise<TopologyStatus> {
  const status = (await node.topologies()).find(one => one.name === name)
  if (!status) throw new EventStoreError('NOT_FOUND', `topology ${name} is not deployed`, { topology: name })
  return status
}

/** Resolves when the topology has ended or failed, or when a signal says not to wait. */
export async function topologyEnds(node: Topologies, name: string, { terminal, signal }: Pick<Call, 'terminal' | 'signal'>): Promise<void> {
  const progress = terminal.progress(name, 'bar')
  let hasEnded = false
  const end = node.topologyEnded(name).then(() => (hasEnded = true))
  const stopped = aborted(signal)
  try {
    while (!hasEnded && !signal.aborted) {
      const status = await statusNamed(node, name)
      progress.update(shareOf([status]), progressText([status]))
      await firstOf([end, stopped], pollMs)
    }
  } finally {
    progress.end()
    // The store may be closed before it comes to that.
    end.catch(() => undefined)
  }
}

/** Resolves when a projection has folded what there was when its new revision came, or when a signal says not to wait. */
export async function projectionRebuilt(
  node: Pick<Topologies, 'topologies'>,
  name: string,
  { terminal, signal }: Pick<Call, 'terminal' | 'signal'>,
): Promise<void> {
  const progress = terminal.progress(`${name}: rebuilding`, 'bar')
  const stopped = aborted(signal)
  try {
    while (!signal.aborted) {
      const { rebuilding, status, dead } = await statusNamed(node, name)
      if (rebuilding === undefined || status !== 'running') return
      const { done, total } = rebuilding
      const text = `${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} events, ${dead.toLocaleString('en-US')} dead`
      progress.update(total === 0 ? null : done / total, text)
      await firstOf([stopped], pollMs)
    }
  } finally {
    progress.end()
  }
}

/** Resolves with true when the topologies have taken all there is and sent all of it, with false when a signal says not to wait. */
export async function topologiesCaughtUp(node: Topologies, { terminal, signal }: Pick<Call, 'terminal' | 'signal'>): Promise<boolean> {
  const progress = terminal.progress('topologies', 'bar')
  let areAll = false
  const end = node.caughtUp().then(() => (areAll = true))
  const stopped = aborted(signal)
  try {
    while (!areAll && !signal.aborted) {
      const statuses = await node.topologies()
      progress.update(shareOf(statuses), progressText(statuses))
      await firstOf([end, stopped], pollMs)
    }
  } finally {
    progress.end()
    // The node may be closed before it comes to that.
    end.catch(() => undefined)
  }
  return areAll
}

/** Says what has not left the node when it closes. */
export async function remarkDeliveries(node: Topologies, terminal: Call['terminal']): Promise<void> {
  for (const status of await node.topologies()) {
    const waiting = status.status === 'failed' ? undefined : deliveriesText(status)
    if (waiting !== undefined) terminal.remark(`${status.name}: ${waiting}; it is tried again when the store is open`)
  }
}

function shareOf(statuses: readonly TopologyStatus[]): number | null {
  const sum = (of: (status: TopologyStatus) => number): number => statuses.reduce((total, status) => total + of(status), 0)
  const [taken, left] = [sum(({ rowsIn }) => rowsIn), sum(({ lagEvents }) => lagEvents)]
  return taken + left === 0 ? null : taken / (taken + left)
}

function progressText(statuses: readonly TopologyStatus[]): string {
  const count = (of: (status: TopologyStatus) => number): string =>
    statuses.reduce((total, status) => total + of(status), 0).toLocaleString('en-US')
  const waiting = statuses.flatMap(status => deliveriesText(status) ?? [])
  const counts = [`${count(one => one.rowsIn)} rows`, `${count(one => one.lagEvents)} to go`, `${count(one => one.late)} late`]
  return [...counts, `${count(one => one.dead)} dead`, ...waiting].join(', ')
}

/** Resolves when the signal comes. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** Resolves when the signal comes, and keeps the process until then: a signal has no timer of its own, and a node may be idle. */
export async function untilStopped(signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => undefined, 2 ** 30)
  await aborted(signal)
  clearInterval(alive)
}

/** Resolves with the first of them, or after a time. */
export async function firstOf(promises: readonly Promise<unknown>[], ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([...promises, new Promise(resolve => (timer = setTimeout(resolve, ms)))]).finally(() => clearTimeout(timer))
}
