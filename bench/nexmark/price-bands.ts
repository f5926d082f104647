/** What q16 and q17 share: conditions on the price that part bids into three bands. */
import { bandEdges } from './loops-tables.ts'

const [middle, high] = bandEdges

export const isLow = `price < ${middle}`
export const isMiddle = `price >= ${middle} and price < ${high}`
export const isHigh = `price >= ${high}`
