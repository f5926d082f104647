/** Several sources over one log: which rows of a page each of them wants, by the types and categories it follows. */
import { categoryOf } from '../event/stream-id.ts'
import type { LogTap } from '../topology/plan.ts'
import type { SourcePage } from './log-source.ts'
import type { Tap } from './source.ts'

/** Streams whose answer is remembered. */
const streamsKept = 65_536

export class LogTaps {
  readonly #taps: readonly LogTap[]
  readonly #types: readonly (ReadonlySet<string> | undefined)[]
  readonly #categories: readonly (ReadonlySet<string> | undefined)[]
  readonly #asksStreams: boolean
  /** For each tap whether it wants the type, and the stream; asked once a text. */
  readonly #ofType = new Map<string, readonly boolean[]>()
  readonly #ofStream = new Map<string, readonly boolean[]>()

  constructor(taps: readonly LogTap[]) {
    this.#taps = taps
    this.#types = taps.map(({ types }) => types && new Set(types))
    this.#categories = taps.map(({ categories }) => categories && new Set(categories))
    this.#asksStreams = taps.some(({ categories }) => categories !== undefined)
  }

  /** The rows of each tap, rising, and 1 for each row that any of them wants. */
  rowsOf(page: SourcePage): { readonly taps: readonly Tap[]; readonly wanted: Uint8Array } {
    const { count } = page
    const rows = this.#taps.map(() => new Int32Array(count))
    const counts = this.#taps.map(() => 0)
    const wanted = new Uint8Array(count)
    for (let i = 0; i < count; i++) {
      const block = page.blocks[page.block[i]!]!
      const byType = this.#wantType(block.typeOf(page.row[i]!))
      const byStream = this.#asksStreams ? this.#wantStream(block.streamOf(page.row[i]!)) : undefined
      for (let tap = 0; tap < rows.length; tap++) {
        if (!byType[tap] || byStream?.[tap] === false) continue
        rows[tap]![counts[tap]!++] = i
        wanted[i] = 1
      }
    }
    return { wanted, taps: this.#taps.map(({ port }, tap) => ({ port, selection: rows[tap]!.subarray(0, counts[tap]) })) }
  }

  #wantType(type: string): readonly boolean[] {
    let wanted = this.#ofType.get(type)
    if (wanted === undefined) {
      wanted = this.#types.map(types => types?.has(type) ?? true)
      if (this.#ofType.size > streamsKept) this.#ofType.clear()
      this.#ofType.set(type, wanted)
    }
    return wanted
  }

  #wantStream(stream: string): readonly boolean[] {
    let wanted = this.#ofStream.get(stream)
    if (wanted === undefined) {
      const category = categoryOf(stream)
      wanted = this.#categories.map(categories => categories?.has(category) ?? true)
      if (this.#ofStream.size > streamsKept) this.#ofStream.clear()
      this.#ofStream.set(stream, wanted)
    }
    return wanted
  }
}
