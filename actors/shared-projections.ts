/**
 * Projections that several steps write: of the rows that a page puts under one key the last one stays, whichever step it comes by. Steps see a page
 * one behind the other, so without this the size of pages would decide.
 */
import type { ProjectionWriter } from '../operators/operator.ts'
import type { Plan } from '../topology/plan.ts'
import { rowKeyText } from './projection.ts'

/** Of the row put last under a key: its order, and the place of the step among the steps. */
interface Latest {
  readonly order: number
  readonly place: number
}

export class SharedProjections {
  /** The steps that write each projection, in the order of the plan. */
  readonly #writers: ReadonlyMap<unknown, readonly string[]>
  readonly #latest = new Map<string, Map<string, Latest>>()

  constructor({ steps }: Plan) {
    const writing = steps.filter(({ operator }) => operator === 'projection' || operator === 'foldInto')
    const byName = Map.groupBy(writing, ({ options }) => options['name'])
    this.#writers = new Map(Array.from(byName, ([name, writers]) => [name, writers.map(({ id }) => id)]))
  }

  /** The writer for one of the steps; the writer itself where no other step writes the projection. */
  writerFor(step: string, name: string, writer: ProjectionWriter): ProjectionWriter {
    const writers = this.#writers.get(name) ?? []
    if (writers.length < 2) return writer
    const place = writers.indexOf(step)
    const latest = this.#latest.get(name) ?? new Map<string, Latest>()
    this.#latest.set(name, latest)
    const isLast = (key: readonly unknown[], order: number): boolean => {
      const text = rowKeyText(key)
      const before = latest.get(text)
      if (before !== undefined && (before.order > order || (before.order === order && before.place > place))) return false
      latest.set(text, { order, place })
      return true
    }
    return {
      ...writer,
      put(key, value, order) {
        // What JSON has no word for is refused, also where a later row has come before.
        JSON.stringify(value)
        if (isLast(key, order)) writer.put(key, value, order)
      },
      delete: (key, order) => isLast(key, order) && writer.delete(key, order),
    }
  }

  /**
   * A push has gone all the way: what comes next is later than all of it. `upTo`: the order of its last row, where steps may already have seen
   * rows of pushes behind it.
   */
  settle(upTo = Infinity): void {
    for (const latest of this.#latest.values()) {
      if (upTo === Infinity) latest.clear()
      else for (const [key, { order }] of latest) if (order <= upTo) latest.delete(key)
    }
  }
}
