/** Questions to one leader: one at a time is on its way, and all that come meanwhile go together into the next, which begins after they came. */

/** How far a leader is with a partition: its last committed sequence, and a stamp that no event up to it is above. */
export interface Confirmed {
  readonly partition: number
  readonly sequence: number
  readonly stamp: number
}

interface Question {
  readonly partitions: readonly number[]
  readonly resolve: (confirmed: readonly Confirmed[]) => void
  readonly reject: (error: Error) => void
}

export class ConfirmQueue {
  readonly #ask: (partitions: readonly number[]) => Promise<readonly Confirmed[]>
  #waiting: Question[] = []
  #isAsking = false

  constructor(ask: (partitions: readonly number[]) => Promise<readonly Confirmed[]>) {
    this.#ask = ask
  }

  /** Without those that the node does not lead. Rejected when it does not answer. */
  ask(partitions: readonly number[]): Promise<readonly Confirmed[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ partitions, resolve, reject })
      if (!this.#isAsking) void this.#askAll()
    })
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true
    // All reads of this turn ask together.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const questions = this.#waiting.splice(0)
      const partitions = [...new Set(questions.flatMap(question => question.partitions))]
      try {
        const found = new Map((await this.#ask(partitions)).map(one => [one.partition, one]))
        for (const { partitions: asked, resolve } of questions) resolve(asked.flatMap(partition => found.get(partition) ?? []))
      } catch (error) {
        for (const { reject } of questions) reject(error as Error)
      }
    }
    this.#isAsking = false
  }
}
