/** Values with the orders of the rows they came from: what tells who was first when two sessions become one. */

export interface Ordered<Value> {
  readonly values: Value[]
  /** One for each value, rising. */
  readonly orders: number[]
}

/** Both together by their order; where it is equal, those of the first come first. At most so many. */
export function mergeOrdered<Value>(first: Ordered<Value>, second: Ordered<Value>, most = Infinity): Ordered<Value> {
  const merged: Ordered<Value> = { values: [], orders: [] }
  let [left, right] = [0, 0]
  const total = Math.min(most, first.values.length + second.values.length)
  while (merged.values.length < total) {
    const isFirst =
      right === second.orders.length || (left < first.orders.length && (first.orders[left] as number) <= (second.orders[right] as number))
    const from = isFirst ? first : second
    const at = isFirst ? left++ : right++
    merged.values.push(from.values[at] as Value)
    merged.orders.push(from.orders[at] as number)
  }
  return merged
}
