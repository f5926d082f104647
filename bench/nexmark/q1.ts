/** Nexmark q1: every bid with its price in euro. */
import { answer, nexmarkRows, type NexmarkRow } from './bids.ts'

export const q1 = answer('q1', nexmarkRows('q1').filter('./bids.ts#isBid').map<NexmarkRow>('./bids.ts#inEuro'))
