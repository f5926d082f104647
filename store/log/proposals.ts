/** What a group's partitions have to commit elsewhere before it is theirs: the blocks that were built for them, and the rows that go with these. */

export interface Proposal {
  readonly blocks: Uint8Array[]
  /** Key and value, of the column `meta`. */
  readonly rows: [key: Uint8Array, value: Uint8Array][]
}

export class Proposals {
  readonly all = new Map<number, Proposal>()

  #of(partition: number): Proposal {
    let proposal = this.all.get(partition)
    if (!proposal) this.all.set(partition, (proposal = { blocks: [], rows: [] }))
    return proposal
  }

  block(partition: number, value: Uint8Array): void {
    this.#of(partition).blocks.push(value)
  }

  row(partition: number, key: Uint8Array, value: Uint8Array): void {
    this.#of(partition).rows.push([key, value])
  }

  clear(): void {
    this.all.clear()
  }
}
