/** A network namespace a node, joined to this one by a pair of virtual cables, whose packets nftables can drop; loopback where that is not possible. */
import { spawnSync } from 'node:child_process'
import type { Way } from './cluster-proxy.ts'

export interface NodePlace {
  /** Where the node listens. */
  readonly host: string
  /** Where the node finds what listens here. */
  readonly outside: string
  /** Goes before the node's command. */
  readonly command: readonly string[]
  /** Drops all packets between the node and these ports outside, in one way or both. Undefined where packets can not be dropped. */
  readonly cut?: (ways: readonly Way[], ports: readonly number[]) => void
  readonly heal?: () => void
  remove(): void
}

/** Why namespaces can not be used here; null when they can. */
export function noNamespaces(): string | null {
  if (process.getuid?.() !== 0) return 'needs root'
  if (spawnSync('nft', ['--version']).status !== 0) return 'needs nft (nftables)'
  const name = `allsource-try-${process.pid}`
  const cable = `ast${process.pid}`
  const made =
    spawnSync('ip', ['netns', 'add', name]).status === 0 &&
    spawnSync('ip', ['link', 'add', cable, 'type', 'veth', 'peer', 'name', 'inner', 'netns', name]).status === 0 &&
    spawnSync('ip', ['netns', 'exec', name, 'nft', '-f', '-'], { input: cutRules(['in'], [1]) }).status === 0
  spawnSync('ip', ['netns', 'delete', name])
  return made ? null : 'needs ip netns, veth and nftables'
}

export const loopback: NodePlace = { host: '127.0.0.1', outside: '127.0.0.1', command: [], remove: () => undefined }

/** The `index`th of this process, from 0. Throws when a command fails. */
export function namespace(index: number): NodePlace {
  const name = `allsource-${process.pid}-${index}`
  const cable = `as${process.pid}x${index}`
  const net = `10.${200 + (process.pid % 50)}.${Math.floor(process.pid / 50) % 250}`
  const [outside, host] = [`${net}.${index * 4 + 1}`, `${net}.${index * 4 + 2}`]
  run('ip', ['netns', 'add', name])
  run('ip', ['link', 'add', cable, 'type', 'veth', 'peer', 'name', 'inner', 'netns', name])
  run('ip', ['address', 'add', `${outside}/30`, 'dev', cable])
  run('ip', ['link', 'set', cable, 'up'])
  run('ip', ['-n', name, 'address', 'add', `${host}/30`, 'dev', 'inner'])
  run('ip', ['-n', name, 'link', 'set', 'inner', 'up'])
  run('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
  const command = ['ip', 'netns', 'exec', name]
  const rules = (text: string): void => run('ip', [...command.slice(1), 'nft', '-f', '-'], text)
  const remove = (): void => void spawnSync('ip', ['netns', 'delete', name])
  process.once('exit', remove)
  return { host, outside, command, remove, cut: (ways, ports) => rules(cutRules(ways, ports)), heal: () => rules('flush ruleset\n') }
}

function cutRules(ways: readonly Way[], ports: readonly number[]): string {
  const list = ports.join(', ')
  const chain = { in: 'input', out: 'output' }
  const port = { in: 'sport', out: 'dport' }
  const chains = ways.map(way => `chain ${chain[way]} { type filter hook ${chain[way]} priority 0; tcp ${port[way]} { ${list} } drop; }`)
  return `flush ruleset\ntable inet cut {\n${chains.join('\n')}\n}\n`
}

function run(command: string, words: readonly string[], input?: string): void {
  const { status, stderr } = spawnSync(command, words, { ...(input !== undefined && { input }), encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${stderr}`)
}
