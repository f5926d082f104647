/** Deploys the pipeline until the head of the log and tells how far it has come. */
import type { Node, TopologyStatus } from '../../runtime/index.ts'

const askEveryMs = 200

export interface FoldOptions {
  readonly topology: string
  readonly module: URL
  readonly signal: AbortSignal
  readonly onStatus?: (status: TopologyStatus) => void
}

/** A topology that was deployed before goes on where it was, or has ended already. */
export async function fold(node: Node, options: FoldOptions): Promise<TopologyStatus> {
  const status = async (): Promise<TopologyStatus | undefined> => (await node.topologies()).find(({ name }) => name === options.topology)
  if (!(await status())) await node.deploy(options.module, { until: 'head' })
  const asking = setInterval(() => {
    void status().then(
      found => found && options.onStatus?.(found),
      () => {},
    )
  }, askEveryMs)
  try {
    const ended = await Promise.race([node.topologyEnded(options.topology), aborted(options.signal)])
    if (ended.status === 'failed') throw new Error(`${options.topology} failed: ${ended.error?.message ?? 'no reason given'}`)
    return ended
  } finally {
    clearInterval(asking)
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    if (signal.aborted) reject(signal.reason as Error)
  })
}
