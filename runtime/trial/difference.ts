/** Lists told apart line by line: what was expected and did not come, and what came unexpected. */
import { yamlOf } from './yaml-text.ts'

/** Lists longer than this are not lined up with each other, only compared place by place. */
const alignedMost = 400

export interface ListComparison<Item, Other> {
  readonly expected: readonly Item[]
  readonly received: readonly Other[]
  readonly matches: (expected: Item, received: Other) => boolean
  /** The part of a received item that is worth showing beside what was expected at its place. */
  readonly shown: (received: Other, expected: Item | undefined) => unknown
}

/** Lines that begin with `-` (expected), `+` (received) or a space (both); none when every item matches the one at its place. */
export function listDifference<Item, Other>(comparison: ListComparison<Item, Other>): string[] {
  const { expected, received, matches, shown } = comparison
  if (expected.length === received.length && expected.every((item, at) => matches(item, received[at] as Other))) return []
  return pairs(comparison).map(([item, other]) => {
    if (other === undefined) return `- ${yamlOf(item)}`
    if (item === undefined) return `+ ${yamlOf(shown(other.value, nearOf(other.at, expected)))}`
    return `  ${yamlOf(item)}`
  })
}

interface Placed<Other> {
  readonly value: Other
  readonly at: number
}
type Pair<Item, Other> = readonly [expected: Item | undefined, received: Placed<Other> | undefined]

function nearOf<Item>(at: number, expected: readonly Item[]): Item | undefined {
  return expected[Math.min(at, expected.length - 1)]
}

function pairs<Item, Other>({ expected, received, matches }: ListComparison<Item, Other>): Pair<Item, Other>[] {
  const isLong = expected.length * received.length > alignedMost * alignedMost
  const lengths = isLong ? undefined : sharedLengths(expected, received, matches)
  const made: Pair<Item, Other>[] = []
  let at = 0
  let other = 0
  while (at < expected.length || other < received.length) {
    const [item, value] = [expected[at], received[other]]
    const hasBoth = at < expected.length && other < received.length
    if (hasBoth && matches(item as Item, value as Other)) {
      made.push([expected[at++], { value: value as Other, at: other++ }])
      continue
    }
    const skips = lengths === undefined ? at <= other : (lengths[at + 1]?.[other] ?? -1) >= (lengths[at]?.[other + 1] ?? -1)
    if (at < expected.length && (other >= received.length || skips)) made.push([expected[at++], undefined])
    else made.push([undefined, { value: received[other] as Other, at: other++ }])
  }
  return made
}

/** Lengths of the longest common subsequence of the rests, by where they begin. */
function sharedLengths<Item, Other>(
  expected: readonly Item[],
  received: readonly Other[],
  matches: (expected: Item, received: Other) => boolean,
): number[][] {
  const lengths = Array.from({ length: expected.length + 1 }, () => new Array<number>(received.length + 1).fill(0))
  for (let at = expected.length - 1; at >= 0; at--) {
    const row = lengths[at] as number[]
    const below = lengths[at + 1] as number[]
    for (let other = received.length - 1; other >= 0; other--) {
      row[other] = matches(expected[at] as Item, received[other] as Other)
        ? (below[other + 1] as number) + 1
        : Math.max(below[other] as number, row[other + 1] as number)
    }
  }
  return lengths
}
