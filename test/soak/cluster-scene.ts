/** Three NATS servers and three nodes over them, each node behind proxies of its own and, where that works, in a network of its own. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts, type NatsServers, startNatsServers } from '../fixtures/nats-servers.ts'
import { loopback, namespace, type NodePlace, noNamespaces } from './cluster-network.ts'
import { NodeProcess } from './cluster-process.ts'
import { Proxy } from './cluster-proxy.ts'

export const PARTITIONS = 8
const nodeNames = ['n1', 'n2', 'n3'] as const
const SMALL_DISK = '192m'

export interface Scene {
  readonly nats: NatsServers
  readonly nodes: readonly NodeProcess[]
  /** The node that lies on a small disk of its own; undefined where none can be mounted. */
  readonly small: NodeProcess | undefined
  /** Why packets can not be dropped; null when they can. */
  readonly withoutCuts: string | null
  close(keep: boolean): Promise<void>
}

const portOf = (url: string): number => Number(new URL(url).port)

export async function openScene(): Promise<Scene> {
  const root = mkdtempSync(join(tmpdir(), 'allsource-cluster-'))
  const nats = await startNatsServers({ parent: root, advertise: false })
  const withoutCuts = noNamespaces()
  const places = nodeNames.map((_, index): NodePlace => (withoutCuts === null ? namespace(index) : loopback))
  const ports = await freePorts(nodeNames.length)
  const proxies: Proxy[] = []
  const smallDirectory = join(root, nodeNames.at(-1)!)
  mkdirSync(smallDirectory)
  const hasSmall =
    process.getuid?.() === 0 && spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK}`, 'tmpfs', smallDirectory]).status === 0
  const nodes: NodeProcess[] = []
  for (const [index, name] of nodeNames.entries()) {
    const place = places[index]!
    const open = (urls: readonly string[]): Promise<Proxy[]> => Promise.all(urls.map(url => Proxy.open(place.outside, portOf(url))))
    const [own, monitors] = [await open(nats.urls), await open(nats.monitors)]
    proxies.push(...own, ...monitors)
    nodes.push(
      new NodeProcess({
        name,
        directory: join(root, name),
        log: join(root, `${name}.log`),
        place,
        port: ports[index]!,
        proxies: own,
        monitors,
        partitions: PARTITIONS,
      }),
    )
  }
  const scene: Scene = {
    nats,
    nodes,
    small: hasSmall ? nodes.at(-1) : undefined,
    withoutCuts,
    async close(keep) {
      for (const node of nodes) node.signal('SIGCONT')
      await Promise.all(nodes.map(node => node.kill()))
      await Promise.all(proxies.map(proxy => proxy.close()))
      for (const place of places) place.remove()
      if (keep) {
        await Promise.all(nats.servers.map(server => server.kill()))
        console.log(`kept: ${root}`)
        return
      }
      await nats.close()
      if (hasSmall) spawnSync('umount', [smallDirectory])
      rmSync(root, { recursive: true, force: true })
    },
  }
  try {
    // The first makes the cluster, so that the others find it.
    await nodes[0]!.start()
    await Promise.all(nodes.slice(1).map(node => node.start()))
  } catch (error) {
    await scene.close(false)
    throw error
  }
  return scene
}
