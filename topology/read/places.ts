/** From offsets in a text to lines and columns. */
import type { Finding, Rule, TextPlace } from './finding.ts'

/** What is wrong, between two offsets. */
export interface PlacedIssue {
  readonly start: number
  readonly end: number
  readonly rule: Rule
  readonly message: string
  readonly severity?: Finding['severity']
  readonly path?: string
}

export class TextPlaces {
  readonly text: string
  /** Offsets at which lines start. */
  readonly #lines: number[] = [0]

  constructor(text: string) {
    this.text = text
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lines.push(at + 1)
  }

  /** Where a stretch begins, and how much of its first line it covers. */
  placeOf(start: number, end: number): TextPlace {
    const line = this.#lineOf(start)
    const lineStart = this.#lines[line] as number
    const next = this.#lines[line + 1]
    const lineEnd = next === undefined ? this.text.length : this.text[next - 2] === '\r' ? next - 2 : next - 1
    const length = Math.max(0, Math.min(end, Math.max(lineEnd, start)) - start)
    return { line: line + 1, column: start - lineStart + 1, length }
  }

  findingOf({ start, end, rule, message, severity = 'error', path = '' }: PlacedIssue): Finding {
    return { severity, ...this.placeOf(start, end), path, rule, message }
  }

  #lineOf(offset: number): number {
    let [low, high] = [0, this.#lines.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#lines[middle] as number) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}
