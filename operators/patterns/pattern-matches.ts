/** Rows on their way through a pattern: candidates, and chains of those that were matched, which share what they begin with. */

/** A row that may be matched. */
export interface Candidate {
  readonly time: number
  readonly order: number
  /** A bit for each step whose condition over the row alone holds. */
  readonly mask: number
  /** The columns that are read later; null when no step fits. */
  readonly values: Readonly<Record<string, unknown>> | null
  /** Its place among the rows of the key, given when its turn comes; rises by one from row to row. */
  place: number
}

/** A row that was matched, behind those matched before it. */
export interface Matched {
  readonly row: Candidate
  readonly step: number
  /** How many rows of the step there are with it. */
  readonly count: number
  readonly before: Matched | undefined
  /** The first row of the chain. */
  readonly first: Candidate
}

export function chain(row: Candidate, step: number, before: Matched | undefined, isLoop = false): Matched {
  return { row, step, count: isLoop && before !== undefined ? before.count + 1 : 1, before, first: before?.first ?? row }
}

/** From the first row on. */
export function rowsOfMatch(match: Matched): readonly Matched[] {
  const rows: Matched[] = []
  for (let at: Matched | undefined = match; at !== undefined; at = at.before) rows.push(at)
  return rows.reverse()
}

/** The order of matches that are complete at one time: of the first row in which they differ the one with the earlier, then the earlier step. */
export function compareMatches(a: Matched, b: Matched): number {
  const [left, right] = [rowsOfMatch(a), rowsOfMatch(b)]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [one, other] = [left[i] as Matched, right[i] as Matched]
    if (one.row.place !== other.row.place) return one.row.place - other.row.place
    if (one.step !== other.step) return one.step - other.step
  }
  return left.length - right.length
}

/** What goes on after a match: `none` drops nothing, the others what began before a row of the match. */
export interface Skip {
  readonly strategy: 'none' | 'pastLast' | 'toNext' | 'toFirst' | 'toLast'
  /** The step of `toFirst` and `toLast`. */
  readonly step: number
}

/** Whether what begins with a row is dropped after the match. */
export function dropsAfter(match: Matched, { strategy, step }: Skip): (first: Candidate) => boolean {
  switch (strategy) {
    case 'none':
      return () => false
    case 'pastLast':
      return first => first.place <= match.row.place
    case 'toNext':
      return first => first.place === match.first.place
    case 'toFirst':
    case 'toLast': {
      const rows = rowsOfMatch(match).filter(each => each.step === step)
      const to = (strategy === 'toFirst' ? rows[0] : rows.at(-1))?.row.place ?? -Infinity
      return first => first.place < to
    }
  }
}
