/** One store of the kill test: starts a victim, kills it at a random moment, opens the store and lets the judge look at it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Node, openNode } from '../../runtime/index.ts'
import { examineSums } from './sums-examined.ts'
import { type KillExamined, examineKill } from './kill-examined.ts'
import { KillHook } from './kill-hook.ts'
import { Judge } from './kill-judge.ts'
import type { Line, Order } from './kill-lanes.ts'
import { statusOfKill } from './kill-commands.ts'
import { CommandsTold } from './kill-told.ts'

export interface Cycle {
  /** Where the kill fell. */
  readonly place: string
  readonly wrong: string[]
}

const layout = { partitions: 8, shards: 2, segmentEntries: 3000 } as const
/** A victim that neither opens nor dies by then is a failure of its own. */
const PATIENCE_MS = 180_000

/** What the kill waits for: a moment of a phase, and then so many milliseconds. */
interface Aim {
  readonly phase: 'opening' | 'open' | 'sealing' | 'commanding' | 'closing'
  readonly afterMs: number
  readonly closeAfterMs: number | null
}

type Phase = Aim['phase']

/** How often each phase is aimed at; in the middle of a command only where there is a topology. */
const chances: readonly Phase[] = ['opening', 'open', 'open', 'sealing', 'closing']
const chancesWithTopology: readonly Phase[] = [...chances, 'commanding', 'commanding', 'commanding', 'commanding']
/** One aimed at while commands are given falls into one of so many. */
const COMMANDS = 10
/** Commands and segments that do not come by then are not waited for: a slow one is hit in its middle. */
const COMMANDING_MS = 8000

function aimAt(phase: Phase): Aim {
  const closeAfterMs = phase === 'closing' ? 20 + Math.random() * 200 : null
  const mostMs = { opening: 150, open: 400, sealing: 4, commanding: 100, closing: 60 }[phase]
  return { phase, afterMs: Math.random() * mostMs, closeAfterMs }
}

export class KillRun {
  readonly judge = new Judge()
  /** What the topology had come to at the last look. */
  folded = { windows: 0, late: 0, big: 0, dead: 0 }
  outcome: KillExamined['counts'] = { rows: 0, events: 0, letters: 0, replays: 0, hooks: 0 }
  readonly told = new CommandsTold()
  #hook: KillHook | undefined
  /** Deployments of the topology in the file that are gone and were looked at. */
  readonly #known = new Set<number>()
  readonly #directory: string
  readonly #topology: string | null
  readonly #aims: Phase[]
  readonly #durability: 'os' | 'disk'
  #spare: ChildProcess | null = null

  /** `aims`: what each cycle aims at, in turn; at random without it. */
  constructor(directory: string, options: { withTopology: boolean; durability?: 'os' | 'disk'; aims?: readonly Phase[] }) {
    this.#directory = directory
    this.#durability = options.durability ?? 'disk'
    this.#aims = [...(options.aims ?? [])]
    this.#topology = options.withTopology ? new URL('./sums-topology.ts', import.meta.url).href : null
  }

  async cycle(): Promise<Cycle> {
    const wrong: string[] = []
    if (this.#topology) this.#hook ??= await KillHook.open()
    const victim = this.#spare ?? start()
    this.#spare = null
    const place = await this.#kill(victim, wrong)
    this.#spare = start()
    await this.#examine(wrong)
    return { place, wrong }
  }

  async #kill(victim: ChildProcess, wrong: string[]): Promise<string> {
    const withTopology = this.#topology !== null
    const { phase, afterMs, closeAfterMs } = aimAt(this.#aims.shift() ?? one(withTopology ? chancesWithTopology : chances))
    const waitedCommands = Math.floor(Math.random() * COMMANDS)
    let [commands, command] = [0, '']
    const order: Order = {
      directory: this.#directory,
      ...layout,
      next: this.judge.next,
      closeAfterMs,
      topology: this.#topology,
      durability: this.#durability,
    }
    const seen = { phase: 'starting', flying: 0, segments: -1 }
    let shoot: Promise<unknown> | null = null
    const fire = (): void => {
      shoot ??= sleep(afterMs).then(() => victim.kill('SIGKILL'))
    }
    const patience = setTimeout(() => {
      wrong.push(`nothing happened for ${PATIENCE_MS} ms while it was ${seen.phase}`)
      victim.kill('SIGKILL')
    }, PATIENCE_MS)
    const exited = once(victim, 'exit')
    const read = this.#listen(victim, line => {
      if ('wrong' in line) wrong.push(line.wrong)
      else if ('lane' in line) this.judge.acknowledge(line.lane, line.request, line.place)
      else if ('command' in line || 'done' in line) {
        this.told.take(line)
        if (commands === 0 && phase !== 'closing') void sleep(COMMANDING_MS, undefined, { ref: false }).then(fire)
        command = 'command' in line ? line.command : ''
        if (command !== '' && commands++ >= waitedCommands && phase === 'commanding') fire()
        // Where there is a topology it is there before the time runs.
        if (phase === 'open' && 'done' in line) fire()
      } else if ('phase' in line) {
        seen.phase = line.phase
        if (line.phase === phase && !(phase === 'open' && withTopology)) fire()
      } else {
        if (phase === 'sealing' && seen.segments >= 0 && line.segments > seen.segments && line.flying > 0) {
          seen.phase = 'sealing'
          fire()
        }
        seen.flying = line.flying
        seen.segments = line.segments
      }
    })
    victim.stdin!.end(`${JSON.stringify(order)}\n`)
    const [code, signal] = (await exited) as [number | null, string | null]
    await read
    clearTimeout(patience)
    if (signal !== 'SIGKILL' && seen.phase !== 'closed')
      wrong.push(`the victim ended by itself with ${signal ?? code} while it was ${seen.phase}`)
    return command === '' ? placeOf(seen.phase, seen.flying) : `in the middle of a ${command}`
  }

  async #listen(victim: ChildProcess, took: (line: Line) => void): Promise<void> {
    let rest = ''
    for await (const chunk of victim.stdio[3] as Readable) {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop()!
      for (const line of lines) took(JSON.parse(line) as Line)
    }
  }

  async #examine(wrong: string[]): Promise<void> {
    try {
      const { partitions, shards, segmentEntries } = layout
      const node = await openNode({
        directory: this.#directory,
        partitions,
        shards,
        limits: { segmentEntries },
        epochMs: 20,
        durability: this.#durability,
      })
      const isDeployed = (await node.topologies()).length > 0
      if (isDeployed) await this.#resume(node, wrong)
      wrong.push(...(await this.judge.examine(node)))
      if (isDeployed) await this.#examineTopologies(node, wrong)
      await node.close()
    } catch (error) {
      wrong.push(`the store does not open again: ${String(error)}`)
    }
  }

  /** What was answered of the last command holds. */
  async #resume(node: Node, wrong: string[]): Promise<void> {
    const status = await statusOfKill(node)
    wrong.push(...this.told.examine(status))
    if (status === 'paused') await node.resume('kill')
  }

  async #examineTopologies(node: Node, wrong: string[]): Promise<void> {
    const isCaughtUp = await Promise.race([node.caughtUp().then(() => true), sleep(PATIENCE_MS, false, { ref: false })])
    const status = await statusOfKill(node)
    if (!isCaughtUp) wrong.push(`the topologies have not caught up in ${PATIENCE_MS} ms: ${JSON.stringify(await node.topologies())}`)
    if (status === 'failed') wrong.push(`the topology failed: ${JSON.stringify(await node.topologies())}`)
    else this.told.settled(status)
    if (this.#hook) {
      const { different, counts } = await examineKill(node, { hook: this.#hook, known: this.#known, handled: this.told.handled })
      wrong.push(...different)
      this.outcome = counts
    }
    const { different, expected } = await examineSums(node, false)
    wrong.push(...different)
    this.folded = { windows: expected.windows.size, late: expected.late.length, big: expected.big.length, dead: expected.dead }
  }

  async end(): Promise<void> {
    await this.#hook?.close()
    if (!this.#spare) return
    const exited = once(this.#spare, 'exit')
    this.#spare.kill('SIGKILL')
    await exited
  }
}

const one = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!

function start(): ChildProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'kill-child.ts')], { stdio: ['pipe', 'inherit', 'inherit', 'pipe'] })
  child.stdin!.on('error', () => undefined)
  return child
}

function placeOf(phase: string, flying: number): string {
  if (phase === 'open')
    return flying > 1000 ? 'appending, more than 1,000 in flight' : `appending, ${flying === 0 ? 'none yet' : 'up to 1,000'} in flight`
  if (phase === 'sealing') return flying > 1000 ? 'sealing, more than 1,000 in flight' : 'sealing, up to 1,000 in flight'
  if (phase === 'closed') return 'not at all: it had closed'
  return phase
}
