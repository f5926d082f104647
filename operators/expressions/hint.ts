/** The name that somebody probably meant. */

/** `; did you mean count?`, or nothing when no name is near. */
export function hint(name: string, names: readonly string[]): string {
  const near = names
    .map(one => ({ one, distance: distance(name.toLowerCase(), one.toLowerCase()) }))
    .filter(({ one, distance: far }) => far <= Math.max(1, Math.floor(Math.max(name.length, one.length) / 3)))
    .sort((a, b) => a.distance - b.distance)
  const [best] = near
  return best === undefined ? '' : `; did you mean ${best.one}?`
}

/** How many letters must be added, left out, changed or exchanged with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)])
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity
  rows[0] = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const change = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isExchange = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const exchange = isExchange ? at(i - 2, j - 2) + 1 : Infinity
      const row = rows[i] as number[]
      row[j] = Math.min(change, exchange, at(i - 1, j) + 1, at(i, j - 1) + 1)
    }
  }
  return at(a.length, b.length)
}
