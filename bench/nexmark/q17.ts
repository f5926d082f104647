/** Nexmark q17: the prices of each auction and day: how many bids in all and by price band, the least, the largest, the mean and the sum. */
import { avg, count, max, min, sum } from '../../topology/pipeline.ts'
import { answer, bidsOf, timedRows } from './bids.ts'
import { dayMs } from './loops-tables.ts'
import { isHigh, isLow, isMiddle } from './price-bands.ts'

const prices = bidsOf(timedRows('q17')).tumble({
  id: 'prices',
  size: dayMs,
  by: ['auction'],
  aggregate: {
    bids: count(),
    lowBids: count({ where: isLow }),
    middleBids: count({ where: isMiddle }),
    highBids: count({ where: isHigh }),
    least: min('price'),
    largest: max('price'),
    mean: avg('price'),
    paid: sum('price'),
  },
})

export const q17 = answer('q17', prices, 'paid')
