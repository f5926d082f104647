/** Rows that wait behind a dead one of their lane, in the plainest way: what the step `steady` of kill-topology.yaml keeps. */

/** A line begins with a row that was given up; those behind it have a place each, which they keep however often they die. */
export interface Turn {
  readonly line: Line
  readonly place: number
}

interface Line {
  readonly open: Set<number>
  places: number
}

export class KillLines {
  /** The last line of each lane. */
  readonly #lines = new Map<number, Line>()

  /** Where a row of the lane waits; undefined when it may be tried. */
  behind(lane: number): Turn | undefined {
    const line = this.#lines.get(lane)
    return line !== undefined && line.open.size > 0 ? placeIn(line) : undefined
  }

  /** The turn of a row that was given up and waits behind nobody. */
  begin(lane: number): Turn {
    const line: Line = { open: new Set(), places: 0 }
    this.#lines.set(lane, line)
    return placeIn(line)
  }

  /** True when nothing before it is open. */
  isNext({ line, place }: Turn): boolean {
    return Math.min(...line.open) === place
  }

  /** It has passed, or was put away. */
  leave({ line, place }: Turn): void {
    line.open.delete(place)
  }
}

function placeIn(line: Line): Turn {
  const place = line.places++
  line.open.add(place)
  return { line, place }
}
