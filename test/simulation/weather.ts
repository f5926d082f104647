/** What goes wrong in a run: by its seed some kinds of faults are in the air and others are not, because each hides bugs of the other. */
import { type LoopbackFaults, SERVERS } from '../../cluster/loopback.ts'
import type { Random } from './random.ts'
import type { Machine, World } from './world.ts'

const kinds = ['kill', 'killInWrite', 'stop', 'cutServers', 'cutNodes', 'stall', 'skew', 'fullDisk', 'killAll', 'exchange', 'wire'] as const
type Kind = (typeof kinds)[number]

const SUPERVISOR_MS = 500

export class Weather {
  readonly kinds: ReadonlySet<Kind>
  readonly #world: World
  readonly #random: Random
  readonly #everyMs: number
  #isOver = false
  /** One at most: what two machines lose is lost. */
  #isExchanged = false

  constructor(world: World) {
    this.#world = world
    const random = (this.#random = world.random.fork())
    this.kinds = new Set(kinds.filter(() => random.chance(0.4)))
    this.#everyMs = random.pick([300, 1_000, 3_000])
    world.cluster.faults = this.#faults()
    world.say(() => `weather: ${[...this.kinds].join(', ') || 'calm'}, every ${this.#everyMs} ms`)
    this.#next()
    this.#watch()
  }

  #faults(): LoopbackFaults {
    const random = this.#random
    const isBad = this.kinds.has('wire')
    const share = (most: number): number => (isBad && random.chance(0.6) ? random.between(0, most) : 0)
    return {
      wire: {
        delayMs: [0.2, random.pick([1, 5, 50])],
        lost: share(0.1),
        twice: share(0.1),
        late: share(0.05),
        lateMs: random.pick([200, 6_000]),
        held: random.pick([0, 0.5, 1]),
      },
      log: { spuriousConflict: share(0.1), answerMs: random.pick([300, 1_000]) },
      registry: { stale: share(0.3), answerMs: 500 },
    }
  }

  #next(): void {
    this.#world.time.after(this.#random.between(0, 2 * this.#everyMs), () => {
      if (this.#isOver) return
      const kind = this.#random.pick(kinds)
      if (this.kinds.has(kind)) this.#happen(kind)
      this.#next()
    })
  }

  #happen(kind: Kind): void {
    const world = this.#world
    const random = this.#random
    const machine = random.pick(world.machines)
    const lastsMs = random.pick([20, 300, 1_500, 5_000]) * random.between(0.5, 1.5)
    switch (kind) {
      case 'kill':
        world.crash(machine)
        return this.#startLater(machine, lastsMs)
      case 'killAll':
        for (const one of world.machines) {
          world.crash(one)
          this.#startLater(one, lastsMs * random.float())
        }
        return
      case 'killInWrite': {
        const disk = random.pick(machine.disks)
        disk.writesUntilDeath = 1 + random.below(4)
        machine.ended.add(() => this.#startLater(machine, lastsMs))
        return
      }
      case 'stop':
        world.stop(machine)
        world.time.after(lastsMs, () => world.go(machine))
        return
      case 'cutServers':
        return this.#cut(machine.id, SERVERS, lastsMs)
      case 'cutNodes':
        return this.#cut(machine.id, random.pick(world.machines).id, lastsMs)
      case 'stall':
        world.say(() => 'the servers have no quorum')
        world.cluster.stall()
        world.time.after(lastsMs, () => {
          world.say(() => 'the servers have a quorum')
          world.cluster.resume()
        })
        return
      case 'skew':
        machine.clock.skewMs = random.pick([-60_000, -500, 0, 500, 60_000])
        world.say(() => `the clock of ${machine.id} is ${machine.clock.skewMs} ms off`)
        return
      case 'fullDisk':
        world.say(() => `the disks of ${machine.id} are full`)
        for (const disk of machine.disks) disk.isFull = true
        world.time.after(lastsMs, () => {
          for (const disk of machine.disks) disk.isFull = false
          this.#startLater(machine, 10)
        })
        return
      case 'exchange':
        if (this.#isExchanged || !world.exchange(machine)) return
        this.#isExchanged = true
        return this.#startLater(machine, lastsMs)
      case 'wire':
        world.cluster.faults = this.#faults()
    }
  }

  #cut(from: string, to: string, lastsMs: number): void {
    const ways = this.#random.pick([
      [[from, to]],
      [[to, from]],
      [
        [from, to],
        [to, from],
      ],
    ] as const)
    for (const [a, b] of ways) {
      this.#world.say(() => `the way from ${a} to ${b} is cut`)
      this.#world.cluster.wire.cut(a, b)
    }
    this.#world.time.after(lastsMs, () => {
      for (const [a, b] of ways) {
        this.#world.say(() => `the way from ${a} to ${b} is mended`)
        this.#world.cluster.wire.mend(a, b)
      }
    })
  }

  #watch(): void {
    this.#supervise()
    this.#world.time.after(SUPERVISOR_MS, () => this.#watch())
  }

  /** As a supervisor does with processes that have ended: also with one that begins before everything is healed and finds out behind it. */
  #supervise(): void {
    for (const machine of this.#world.machines) {
      if (!machine.process?.isBroken || machine.disks.some(disk => disk.isFull)) continue
      this.#world.crash(machine, 'is started again')
      this.#world.start(machine)
    }
  }

  #startLater(machine: Machine, ms: number): void {
    this.#world.time.after(ms, () => {
      if (!this.#isOver) this.#world.start(machine)
    })
  }

  /** Everything is mended and everybody is there. */
  heal(): void {
    const world = this.#world
    this.#isOver = true
    world.say(() => 'everything is healed')
    world.cluster.heal()
    for (const machine of world.machines) {
      machine.clock.skewMs = 0
      for (const disk of machine.disks) {
        disk.isFull = false
        disk.writesUntilDeath = Number.POSITIVE_INFINITY
      }
      world.go(machine)
      world.start(machine)
    }
    this.#supervise()
  }
}
