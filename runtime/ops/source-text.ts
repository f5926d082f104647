/** A line of somebody's text with a caret under the part that is meant. */

export interface PlaceInText {
  /** Counted from 1; columns and lengths are UTF-16 code units. */
  readonly line: number
  readonly column: number
  readonly length: number
}

const lengthShownMost = 160

/** The line and the line of carets below it; nothing when the text has no such line. */
export function underlined(text: string, { line, column, length }: PlaceInText): string[] {
  const whole = text.split('\n')[line - 1]?.replace(/\r$/, '')
  if (whole === undefined) return []
  // A long line is shown around the place.
  const start = column > lengthShownMost ? column - lengthShownMost / 2 : 0
  const shown = whole.slice(start, start + lengthShownMost)
  const before = shown.slice(0, column - 1 - start)
  const marked = shown.slice(before.length, before.length + length)
  // A tab stays one, so that the caret stands where the text does; other control characters would steer the terminal.
  const plain = shown.toWellFormed().replaceAll(/[^\P{Cc}\t]/gu, '·')
  return [plain, before.replaceAll(/[^\t]/gu, ' ') + marked.replaceAll(/./gsu, '^').padEnd(1, '^')]
}

/** Where an offset of a text lies. */
export function placeOfOffset(text: string, offset: number, length: number): PlaceInText {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, length }
}
