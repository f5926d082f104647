/** Time as one process of the simulation has it: its timers stand still while it is stopped and end with it, its clock goes wrong. */
import type { Clock } from '../../event/clock.ts'
import type { Timers } from '../../event/timers.ts'
import type { Random } from './random.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Where the clocks of the simulation begin. */
const BEGINNING_MS = Date.UTC(2026, 0, 1)

/** What a machine's clock shows; it outlives its processes. */
export class MachineClock {
  skewMs = 0
  /** How fast it goes; also its timers. */
  readonly rate: number
  readonly time: VirtualTime

  constructor(time: VirtualTime, random: Random) {
    this.time = time
    this.rate = random.between(0.998, 1.002)
  }

  get wallMs(): number {
    return BEGINNING_MS + Math.floor(this.time.nowMs * this.rate + this.skewMs)
  }
}

export class ProcessTime implements Timers {
  readonly clock: Clock
  readonly #machine: MachineClock
  #isStopped = false
  #isOver = false
  /** What was due while the process stood still. */
  #due: (() => void)[] = []

  constructor(machine: MachineClock, random: Random) {
    this.#machine = machine
    const beganMs = machine.time.nowMs
    this.clock = {
      now: () => machine.wallMs,
      monotonic: () => (machine.time.nowMs - beganMs) * machine.rate,
      random: count => random.bytes(count),
    }
  }

  after(ms: number, call: () => void): () => void {
    let isWanted = true
    const happen = (): void => {
      if (this.#isOver || !isWanted) return
      if (this.#isStopped) {
        this.#due.push(happen)
        return
      }
      this.#machine.time.current = this
      call()
    }
    const stop = this.#machine.time.after(ms / this.#machine.rate, happen)
    return () => {
      isWanted = false
      stop()
    }
  }

  /** As SIGSTOP does. */
  stop(): void {
    this.#isStopped = true
  }

  /** As SIGCONT does: what was due happens now, in order. */
  go(): void {
    this.#isStopped = false
    for (const happen of this.#due.splice(0)) this.#machine.time.after(0, happen)
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** The process is gone: nothing of it happens any more. */
  end(): void {
    this.#isOver = true
    this.#due = []
  }
}
