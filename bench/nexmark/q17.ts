/** Nexmark q17: the prices of each auction and day: how many bids in all and by price band, the least, the largest, the mean and the sum. */
import { avg, count, max, min, sum } from '../../topology/pipeline.ts'
import { answer, bidsOf, timedRows } from './bids.ts'
import { bandEdges, dayMs } from './loops-tables.ts'

const prices = bidsOf(timedRows('q17')).tumble({
  id: 'prices',
  size: dayMs,
  by: ['auction'],
  aggregate: {
    bids: count(),
    lowBids: sum({ of: `case when price < ${bandEdges[0]} then 1 else 0 end` }),
    middleBids: sum({ of: `case when price >= ${bandEdges[0]} and price < ${bandEdges[1]} then 1 else 0 end` }),
    highBids: sum({ of: `case when price >= ${bandEdges[1]} then 1 else 0 end` }),
    least: min('price'),
    largest: max('price'),
    mean: avg('price'),
    paid: sum('price'),
  },
})

export const q17 = answer('q17', prices, 'paid')
