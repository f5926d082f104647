/** Nexmark q1: every bid with its price in euro; as loops over columns, as closures over rows and as expressions. */
import { answer, nexmarkRows, type NexmarkRow } from './bids.ts'

export const q1 = answer('q1', nexmarkRows('q1').filter('./bids.ts#isBid').map<NexmarkRow>('./bids.ts#inEuro'), 'price')

export const closures = answer('q1', nexmarkRows('q1').filter('./bids.ts#isBidRow').map<NexmarkRow>('./bids.ts#withEuro'), 'price')

export const declaredClosures = answer(
  'q1',
  nexmarkRows('q1').filter('./bids.ts#isBidRow').map<NexmarkRow>('./bids.ts#withEuroOfTwo'),
  'price',
)

export const expressions = answer(
  'q1',
  nexmarkRows('q1').filter("type = 'bid'").map<NexmarkRow>({ price: 'floor(price * 908 / 1000.0)' }),
  'price',
)
