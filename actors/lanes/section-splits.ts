/** What comes to the entries of all sections, split into a task for each lane that has something to do. */
import { assert } from '../../event/assert.ts'
import { valueAt } from '../../operators/columns.ts'
import type { Flow, Page } from '../../operators/flow.ts'
import { columnNamed } from '../../operators/page.ts'
import type { Section } from '../../topology/sections.ts'
import type { PulledPage } from '../source.ts'
import { laneOfKey } from './key-lanes.ts'
import type { FlowsOf, LaneTask } from './lane-task.ts'
import { SplitFlows } from './split-flows.ts'

interface Asked {
  readonly push: number
  readonly level: number
  /** What was pushed: a row that was given up goes to its step and to no other. */
  readonly flow: PulledPage | Exclude<Flow, Page>
}

interface LetterRow {
  readonly lane: number
  readonly step: string
  readonly page: Page
}

export class SectionSplits {
  readonly #sections: readonly Section[]
  readonly #lanes: number
  readonly #splits: ReadonlyMap<string, SplitFlows>

  constructor(sections: readonly Section[], lanes: number) {
    this.#sections = sections
    this.#lanes = lanes
    this.#splits = new Map(sections.map(section => [section.entry, new SplitFlows(section, lanes)]))
  }

  take(entry: string, flow: Flow): void {
    const split = this.#splits.get(entry)
    assert(split !== undefined, `no section begins with ${entry}`)
    split.take(flow)
  }

  /** Those of one level, of all that was taken since they were asked for last. */
  tasks({ push, level, flow }: Asked): { readonly lane: number; readonly task: LaneTask }[] {
    const parts: FlowsOf[][] = Array.from({ length: this.#lanes }, () => [])
    for (const { entry, level: own } of this.#sections) {
      const split = own === level ? (this.#splits.get(entry)?.done() ?? []) : []
      for (const [lane, flows] of split.entries()) if (flows.length > 0) parts[lane]?.push({ step: entry, flows })
    }
    const letter = this.#letterAt(level, flow)
    return parts.flatMap((own, lane) => {
      const replay = letter?.lane === lane ? { replay: { step: letter.step, page: letter.page } } : undefined
      return own.length === 0 && replay === undefined ? [] : [{ lane, task: { push, level, parts: own, ...replay } }]
    })
  }

  #letterAt(level: number, flow: Asked['flow']): LetterRow | undefined {
    if (flow.kind !== 'page' || flow.replay === undefined) return undefined
    const { replay, ...page } = flow
    const section = this.#sections.find(one => one.level === level && one.steps.includes(replay.step))
    if (section === undefined) return undefined
    const columns = section.splitBy[section.entry === replay.step ? replay.input : 0] ?? []
    const key = columns.map(name => valueAt(columnNamed(page, name), 0))
    return { step: replay.step, page: { ...page, input: replay.input }, lane: laneOfKey(key, this.#lanes) }
  }
}
