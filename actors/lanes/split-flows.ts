/** Splits the flows that come to the entry of a section among lanes: rows by their key, control to all. */
import type { Flow, Page } from '../../operators/flow.ts'
import { aliveRows, selectRows } from '../../operators/page.ts'
import type { Section } from '../../topology/sections.ts'
import { KeyLanes } from './key-lanes.ts'

export class SplitFlows {
  readonly #lanes: number
  readonly #byInput: readonly KeyLanes[]
  /** Undefined for all columns. */
  readonly #columns: ReadonlySet<string> | undefined
  #flows: Flow[][]
  /** Of the row before, in this push: how many rows came so far, and whether rows of one order came. */
  #lastOrder = -Infinity
  #rank = 0

  constructor({ splitBy, columns }: Section, lanes: number) {
    this.#lanes = lanes
    this.#byInput = splitBy.map(fields => new KeyLanes(fields, lanes))
    this.#columns = columns.includes('*') ? undefined : new Set(columns)
    this.#flows = this.#none()
  }

  #none(): Flow[][] {
    return Array.from({ length: this.#lanes }, () => [])
  }

  take(flow: Flow): void {
    if (flow.kind !== 'page') {
      for (const flows of this.#flows) flows.push(flow)
      return
    }
    const ranked = this.#ranked(this.#narrowed(flow))
    const split = (this.#byInput[flow.input] as KeyLanes).split(ranked)
    // Rows that stay in this thread are not copied, those that leave it are when they are packed.
    for (const [lane, rows] of split.entries()) if (rows) this.#flows[lane]?.push(selectRows(ranked, rows))
  }

  /** The flows of each lane since the last call. */
  done(): Flow[][] {
    const flows = this.#flows
    this.#flows = this.#none()
    this.#lastOrder = -Infinity
    this.#rank = 0
    return flows
  }

  #narrowed(page: Page): Page {
    const wanted = this.#columns
    if (wanted === undefined) return page
    return { ...page, columns: new Map([...page.columns].filter(([name]) => wanted.has(name))) }
  }

  /** Rows of one order may go to different lanes: they are told apart by their place in the push. */
  #ranked(page: Page): Page {
    const { order } = page
    const { rank: _, tie: __, ...bare } = page
    const rows = aliveRows(page)
    let hasTies = false
    let last = this.#lastOrder
    for (let i = 0; i < rows.length; i++) {
      const own = order[rows[i] as number] as number
      if (own === last) hasTies = true
      last = own
    }
    this.#lastOrder = last
    const first = this.#rank
    this.#rank += rows.length
    if (!hasTies) return bare
    const rank = new Float64Array(page.count)
    for (let i = 0; i < rows.length; i++) rank[rows[i] as number] = first + i
    return { ...bare, rank }
  }
}
