/** What the victim said of its commands: the answered ones hold after a kill, and the one on its way has happened or has not. */
import type { CommandLine, KillStatus } from './kill-commands.ts'

const isOver = (status: KillStatus): boolean => status === 'draining' || status === 'ended'

export class CommandsTold {
  /** After the last command that was answered. */
  #last: KillStatus = 'none'
  /** After the one that was on its way. */
  #flying: KillStatus | null = null
  /** It was told to end, perhaps when it is undefined; pausing and resuming change nothing in that. */
  #isDraining: boolean | undefined = false
  /** Letters of which it was answered that they were replayed or discarded. */
  readonly handled = new Set<number>()
  commands = 0

  take(line: CommandLine): void {
    if ('command' in line) {
      if (line.command === 'deploy') this.#isDraining = false
      if (line.command === 'drain') this.#isDraining = undefined
      this.#flying = line.will
      return
    }
    this.commands++
    for (const id of line.letters) this.handled.add(id)
    if (line.done === 'drain') this.#isDraining = true
    this.#last = this.#flying ?? this.#last
    this.#flying = null
  }

  /** What is wrong with the status that a store opened with. */
  examine(status: KillStatus | 'failed'): string[] {
    const expected = [this.#last, this.#flying ?? this.#last]
    const isThere = status !== 'failed' && expected.some(each => this.#fits(each, status))
    return isThere ? [] : [`the topology is ${status}, and ${expected.join(' or ')} was answered or asked for`]
  }

  #fits(expected: KillStatus, status: KillStatus): boolean {
    if (expected === status) return expected !== 'running' || this.#isDraining !== true
    return isOver(status) && (isOver(expected) || (expected === 'running' && this.#isDraining !== false))
  }

  /** The judge has brought it to this. */
  settled(status: KillStatus): void {
    this.#last = status
    this.#flying = null
    this.#isDraining = isOver(status)
  }
}
