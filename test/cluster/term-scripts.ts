/**
 * Conversations of nodes about one partition's term, as text: commands, then `----`, then what came of them. A blank line ends a block, `#` is for people.
 * `node test/cluster/term-scripts.ts --rewrite` writes what comes of them anew; read the difference before you believe it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type ClusterNode, TermCluster, type WriteFate } from './term-cluster.ts'
import type { ShardTemper } from './term-shard.ts'

const folder = resolve(import.meta.dirname, '../scripts/terms')

export interface ScriptFile {
  readonly name: string
  readonly path: string
  readonly text: string
}

export function scriptFiles(): readonly ScriptFile[] {
  const names = readdirSync(folder).filter(name => name.endsWith('.txt'))
  return names.sort().map(name => {
    const path = join(folder, name)
    return { name: name.slice(0, -'.txt'.length), path, text: readFileSync(path, 'utf8') }
  })
}

/** The script with what really comes of its commands. */
export function played(text: string): string {
  const script = new Script()
  const blocks = text.trimEnd().split(/\n{2,}/)
  return `${blocks.map(block => script.play(block)).join('\n\n')}\n`
}

class Script {
  #cluster: TermCluster | undefined
  #lines: string[] = []

  play(block: string): string {
    const lines = block.split('\n')
    const end = lines.indexOf('----')
    const given = end < 0 ? lines : lines.slice(0, end)
    const commands = given.filter(line => !line.startsWith('#'))
    if (commands.length === 0) return given.join('\n')
    this.#lines = []
    for (const command of commands) this.#command(command)
    return [...given, '----', ...(this.#lines.length === 0 ? ['nothing'] : this.#lines)].join('\n')
  }

  get #running(): TermCluster {
    if (this.#cluster === undefined) throw new Error('a script begins with: cluster n1 n2 …')
    return this.#cluster
  }

  #command(line: string): void {
    const [command = '', ...words] = line.split(' ')
    const known = this.#commands[command]
    if (known === undefined) throw new Error(`unknown command: ${line}`)
    known(words)
  }

  readonly #commands: Readonly<Record<string, (words: readonly string[]) => void>> = {
    /** `cluster n1 n2/zone`: all start at once. */
    cluster: words => {
      const zones = Object.fromEntries(words.map(word => [word.split('/')[0]!, word.split('/')[1] ?? 'a']))
      const ids = words.map(word => word.split('/')[0]!)
      this.#cluster = new TermCluster(ids, { zones, trace: line => this.#lines.push(line) })
    },
    run: ([ms]) => this.#running.run(Number(ms)),
    kill: ids => this.#each(ids, ({ id }) => this.#running.kill(id)),
    start: ids => this.#each(ids, ({ id }) => this.#running.start(id)),
    pause: ids => this.#each(ids, node => (node.isPaused = true)),
    resume: ids => this.#each(ids, ({ id }) => this.#running.resume(id)),
    /** `cut n1 n2`: n2 no longer hears n1. */
    cut: ([from, to]) => this.#running.node(to!).deafTo.add(from!),
    join: ([from, to]) => this.#running.node(to!).deafTo.delete(from!),
    /** Hears nobody, not even itself. */
    deafen: ids => this.#each(ids, node => [...this.#running.nodes.keys()].forEach(id => node.deafTo.add(id))),
    undeafen: ids => this.#each(ids, node => node.deafTo.clear()),
    /** `writes n1 lost late`: what becomes of its next writes to the table. */
    writes: ([id, ...fates]) => this.#running.node(id!).fates.push(...(fates as WriteFate[])),
    /** `table n1 cut|joined`. */
    table: ([id, way]) => (this.#running.node(id!).isCutFromTable = way === 'cut'),
    'forget-table': () => this.#running.forgetTable(),
    /** `watch n1 off|on`. */
    watch: ([id, way]) => (this.#running.node(id!).isWatching = way === 'on'),
    shard: ([id, temper]) => (this.#running.node(id!).shard.temper = temper as ShardTemper),
    'stop-partition': ids =>
      this.#each(ids, ({ shard, state }) => {
        shard.isStopped = true
        if (state.phase === 'leading') shard.lose(state.ledTerm)
      }),
    /** `behind n1 500`: so many records to catch up. */
    behind: ([id, records]) => (this.#running.node(id!).shard.applied = 1000 - Number(records)),
    lose: ids => this.#each(ids, ({ shard, state }) => shard.lose(state.ledTerm)),
    drain: ids => this.#each(ids, node => (node.isDraining = true)),
    undrain: ids => this.#each(ids, node => (node.isDraining = false)),
    /** `failover n2`: people want n2 to lead; the leader is told. */
    failover: ([to]) => this.#running.input(this.#running.leader!, { kind: 'hand-over', to: to! }),
    resign: ids => this.#each(ids, node => this.#running.input(node, { kind: 'resign' })),
    /** `clock n1 -3600000`: its clock jumps. */
    clock: ([id, ms]) => (this.#running.node(id!).clockOffsetMs += Number(ms)),
    status: () => {
      for (const { id, isUp, state } of this.#running.nodes.values())
        this.#lines.push(isUp ? `${id} ${state.phase} ${state.ledTerm}; next above ${state.highestTerm}` : `${id} is down`)
    },
  }

  #each(ids: readonly string[], call: (node: ClusterNode) => unknown): void {
    for (const id of ids) call(this.#running.node(id))
  }
}

if (import.meta.main) {
  const isRewrite = process.argv.includes('--rewrite')
  for (const { name, path, text } of scriptFiles()) {
    const made = played(text)
    if (made === text) continue
    if (isRewrite) writeFileSync(path, made)
    console.log(isRewrite ? `wrote ${path}` : `${name} plays differently; --rewrite writes it`)
  }
}
