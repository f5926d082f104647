/** Nexmark q16: the bids of each channel and day, with how many bidders and auctions they are of, in all and by price band. */
import { count, countDistinct } from '../../topology/pipeline.ts'
import { answer, bidsOf, timedRows } from './bids.ts'
import { dayMs } from './loops-tables.ts'
import { isHigh, isLow, isMiddle } from './price-bands.ts'

const channels = bidsOf(timedRows('q16')).tumble({
  id: 'channels',
  size: dayMs,
  by: ['channel'],
  aggregate: {
    bids: count(),
    lowBids: count({ where: isLow }),
    middleBids: count({ where: isMiddle }),
    highBids: count({ where: isHigh }),
    bidders: countDistinct('bidder'),
    lowBidders: countDistinct({ of: 'bidder', where: isLow }),
    middleBidders: countDistinct({ of: 'bidder', where: isMiddle }),
    highBidders: countDistinct({ of: 'bidder', where: isHigh }),
    auctions: countDistinct('auction'),
    lowAuctions: countDistinct({ of: 'auction', where: isLow }),
    middleAuctions: countDistinct({ of: 'auction', where: isMiddle }),
    highAuctions: countDistinct({ of: 'auction', where: isHigh }),
  },
})

/** All twelve counts of a channel added up. */
const inAll = ['Bids', 'Bidders', 'Auctions']
  .flatMap(what => [what.toLowerCase(), ...['low', 'middle', 'high'].map(band => band + what)])
  .join(' + ')

export const q16 = answer('q16', channels.map({ inAll }), 'inAll')
