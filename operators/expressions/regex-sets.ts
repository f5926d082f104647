/** Sets of characters in regular expressions, as ranges of code points. */

export type Range = readonly [from: number, to: number]
/** Ranges that rise and do not touch. */
export type CharacterSet = readonly Range[]

export const pointMax = 0x10ffff

export function setOf(ranges: readonly Range[]): CharacterSet {
  const merged: [number, number][] = []
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}

export function complementOf(set: CharacterSet): CharacterSet {
  const ranges: Range[] = []
  let from = 0
  for (const [start, end] of set) {
    if (start > from) ranges.push([from, start - 1])
    from = end + 1
  }
  return from > pointMax ? ranges : [...ranges, [from, pointMax]]
}

const spans = (text: string): CharacterSet =>
  setOf(
    [...text.matchAll(/(.)-(.)/gs)].map(([, from = '', to = '']): Range => [from.codePointAt(0) as number, to.codePointAt(0) as number]),
  )

/** As Postgres has them in the locale "C": of ASCII alone. */
const classes: Readonly<Record<string, CharacterSet>> = {
  alnum: spans('0-9A-Za-z'),
  alpha: spans('A-Za-z'),
  ascii: [[0, 127]],
  blank: setOf([
    [9, 9],
    [32, 32],
  ]),
  cntrl: setOf([
    [0, 31],
    [127, 127],
  ]),
  digit: spans('0-9'),
  graph: [[33, 126]],
  lower: spans('a-z'),
  print: [[32, 126]],
  punct: setOf([
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ]),
  space: setOf([
    [9, 13],
    [32, 32],
  ]),
  upper: spans('A-Z'),
  word: spans('0-9A-Z_-_a-z'),
  xdigit: spans('0-9A-Fa-f'),
}

export const classNames: readonly string[] = Object.keys(classes)

export function classOf(name: string): CharacterSet | undefined {
  return Object.hasOwn(classes, name) ? classes[name] : undefined
}

/** The other cases of one character, where they are one character too. What is beyond ASCII has none in it: ſ is no S. */
function casesOf(point: number): number[] {
  const text = String.fromCodePoint(point)
  return [text.toLowerCase(), text.toUpperCase()].flatMap(other => {
    if (other === text) return []
    const [first = '', more] = Array.from(other)
    const code = first.codePointAt(0) as number
    return more === undefined && (point < 128 || code >= 128) ? [code] : []
  })
}

/** Letters with two cases end here. */
const casedMax = 0x1f000
let cased: readonly (readonly [point: number, cases: readonly number[]])[] | undefined

/** All characters that have another case; looked up once, when the first pattern ignores the case of more than ASCII. */
function casedPoints(): readonly (readonly [point: number, cases: readonly number[]])[] {
  if (cased !== undefined) return cased
  const found: [number, number[]][] = []
  for (let point = 0; point < casedMax; point++) {
    if (point >= 0x3000 && point < 0xa600) continue
    const cases = point >= 0xd800 && point < 0xe000 ? [] : casesOf(point)
    if (cases.length > 0) found.push([point, cases])
  }
  return (cased = found)
}

function isIn(set: CharacterSet, point: number): boolean {
  return set.some(([from, to]) => point >= from && point <= to)
}

/** The set with the other case of everything in it. */
export function ignoringCase(set: CharacterSet): CharacterSet {
  const isAscii = (set.at(-1)?.[1] ?? 0) < 128
  const points = isAscii ? Array.from({ length: 128 }, (_, point) => [point, casesOf(point)] as const) : casedPoints()
  const more = points
    .filter(([point, cases]) => cases.length > 0 && isIn(set, point))
    .flatMap(([, cases]) => cases.map((other): Range => [other, other]))
  return setOf([...set, ...more])
}
