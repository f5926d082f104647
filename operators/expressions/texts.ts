/** Texts by code points: order, length, parts. Lone surrogates count as the code points they are. */

const surrogate = /[\ud800-\udfff]/

/** Whether units of the text are not its code points. */
export function isWide(text: string): boolean {
  return surrogate.test(text)
}

/** Order by code points, as Postgres with collation "C". */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left === right) continue
    if (left < 0xd800 || right < 0xd800) return left - right
    // A pair stands for more than its units say; what differs may be its second half.
    const start = i > 0 && (a.charCodeAt(i - 1) & 0xfc00) === 0xd800 ? i - 1 : i
    return (a.codePointAt(start) as number) - (b.codePointAt(start) as number) || left - right
  }
  return a.length - b.length
}

export function lengthOf(text: string): number {
  if (!isWide(text)) return text.length
  let length = 0
  for (let i = 0; i < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++
    length++
  }
  return length
}

/** Code points `from` (counted from 0) up to, not including, `to`. */
export function partOf(text: string, from: number, to: number): string {
  const start = Math.max(from, 0)
  if (to <= start) return ''
  if (!isWide(text)) return text.slice(start, to)
  return Array.from(text).slice(start, to).join('')
}

/** The place of a part, counted in code points from 1; 0 when it is not there. */
export function placeOf(text: string, part: string): number {
  const index = text.indexOf(part)
  if (index < 0) return 0
  // A part that begins with a lone half must not be found inside of a pair.
  if (index > 0 && isWide(text) && isInside(text, index)) return placeAfter(text, part, index + 1)
  return lengthOf(text.slice(0, index)) + 1
}

function isInside(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xdc00 && (text.charCodeAt(index - 1) & 0xfc00) === 0xd800
}

function placeAfter(text: string, part: string, start: number): number {
  for (let index = text.indexOf(part, start); index >= 0; index = text.indexOf(part, index + 1))
    if (!isInside(text, index)) return lengthOf(text.slice(0, index)) + 1
  return 0
}

/** The text once more in code points, for what looks at each. */
export function pointsOf(text: string): readonly string[] {
  return Array.from(text)
}
