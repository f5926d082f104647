/** One node of the bench's cluster in a process of its own, which is told over its channel what to do. */
import type { ClusterStatus, HandedOver } from '../../event/cluster.ts'
import { openNode } from '../../runtime/index.ts'
import { rssMiB } from '../machine.ts'
import { type LoadAsk, type LoadResult, type ProbeAsk, type ProbeResult, Probes, runLoad } from './load.ts'

export interface NodeSettings {
  readonly directory: string
  readonly partitions: number
  readonly shards: number
  readonly servers: readonly string[]
  readonly monitors: readonly string[]
  readonly name: string
  readonly node: string
}

/** What can be asked: arguments and answer, by word. */
export interface Asks {
  load: { ask: LoadAsk; answer: LoadResult }
  probe: { ask: ProbeAsk; answer: null }
  firstAfter: { ask: number; answer: number[] | null }
  probed: { ask: null; answer: ProbeResult }
  status: { ask: null; answer: ClusterStatus }
  failover: { ask: { partition: number | 'all'; to: string }; answer: HandedOver[] }
  rss: { ask: null; answer: number }
  close: { ask: null; answer: null }
}

export interface Question {
  readonly id: number
  readonly word: keyof Asks
  readonly ask: unknown
}

export type Answer =
  { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly error: string } | { readonly id: 'ready' }

const say = (answer: Answer): void => void process.send!(answer)

async function run({ directory, partitions, shards, servers, monitors, name, node: id }: NodeSettings): Promise<void> {
  const node = await openNode({ directory, partitions, shards, cluster: { servers, monitors, name, node: id } })
  const cluster = node.cluster!
  let probes: Probes | undefined
  const answers: { [Word in keyof Asks]: (ask: Asks[Word]['ask']) => Asks[Word]['answer'] | Promise<Asks[Word]['answer']> } = {
    load: ask => runLoad(node, ask),
    probe: ask => ((probes = new Probes(node, ask)), null),
    firstAfter: since => probes!.firstAfter(since),
    probed: () => probes!.stop(),
    status: () => cluster.status(),
    failover: ({ partition, to }) => cluster.failover(partition, to),
    rss: () => rssMiB(),
    close: async () => (await node.close(), null),
  }
  process.on('message', ({ id: question, word, ask }: Question) => {
    const answered = async (): Promise<unknown> => answers[word](ask as never)
    answered().then(
      answer => {
        say({ id: question, answer })
        if (word === 'close') process.disconnect()
      },
      (error: unknown) => say({ id: question, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  process.once('disconnect', () => process.exit())
  say({ id: 'ready' })
}

await run(JSON.parse(process.argv[2] ?? '{}') as NodeSettings)
