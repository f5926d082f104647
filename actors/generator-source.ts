/** Pages made by a user's function; the row number is the order, so that a restart goes on where the last epoch ended. */
import { EventStoreError } from '../event/error.ts'
import type { Column, Page } from '../operators/flow.ts'
import { NOTHING_READ, type PulledPage, type RowOrigin, type Source, type SourcePosition } from './source.ts'

/** What the user's function makes: at most `rows` rows from row number `fromRow` on; null when there are no more. */
export interface Generator {
  next(rows: number, fromRow: number): Page | null
}

export interface GeneratorSourceOptions {
  readonly id: string
  /** The value that the source's reference names. */
  readonly make: unknown
  readonly reference: string
  readonly options: unknown
  /** Columns that are wanted of its pages; `*` among them, or left out, for all. The others go no further: they would be carried along in vain. */
  readonly fields?: readonly string[] | undefined
  readonly pageRows: number
  readonly from?: SourcePosition
  /** For a topology that goes by the clock, which is shown to it before each page. */
  readonly now?: (() => number) | undefined
  /** Called before the user's function, which may not return. */
  beforeCall?(row: number): void
}

export class GeneratorSource implements Source {
  readonly id: string
  readonly dead: readonly never[] = []
  isEnded = false
  readonly #generator: Generator
  readonly #options: GeneratorSourceOptions
  #rows: number
  #shownMs = -Infinity

  constructor(options: GeneratorSourceOptions) {
    this.id = options.id
    this.#options = options
    this.#rows = (options.from ?? NOTHING_READ).rows
    if (typeof options.make !== 'function')
      throw new EventStoreError('INVALID', `${options.reference} is not a function`, { reference: options.reference })
    this.#generator = (options.make as (options: unknown) => Generator)(options.options)
    if (typeof this.#generator?.next !== 'function')
      throw new EventStoreError('INVALID', `${options.reference} made nothing with a next()`, { reference: options.reference })
  }

  get position(): SourcePosition {
    return { place: null, rows: this.#rows, sequences: {} }
  }

  next(): PulledPage | null {
    const tick = this.isEnded ? undefined : this.#options.now?.()
    if (tick !== undefined && tick > this.#shownMs) return this.#tick((this.#shownMs = tick))
    this.#options.beforeCall?.(this.#rows)
    const page = this.isEnded ? null : this.#generator.next(this.#options.pageRows, this.#rows)
    this.isEnded = page === null
    this.#rows += page?.count ?? 0
    return page && this.#wantedOf(page)
  }

  #wantedOf(page: Page): Page {
    const { fields = ['*'] } = this.#options
    if (fields.includes('*')) return page
    const columns = new Map<string, Column>()
    for (const name of fields) {
      const column = page.columns.get(name)
      if (column !== undefined) columns.set(name, column)
    }
    return { ...page, columns }
  }

  #tick(tick: number): PulledPage {
    return { kind: 'page', port: 'main', input: 0, count: 1, columns: new Map(), order: Float64Array.of(this.#rows - 1), tick }
  }

  originOf(): RowOrigin | undefined {
    return undefined
  }

  originsOf(): () => undefined {
    return () => undefined
  }

  /** A generator always has its next page at hand. */
  changed(): Promise<void> {
    return Promise.resolve()
  }
}
