/** Nexmark q11: the bids of each bidder in each session, which ends when he bids nothing for more than 10 s. */
import { count } from '../../topology/pipeline.ts'
import { answer, bidsOf, timedRows } from './bids.ts'
import { gapMs } from './loops-windows.ts'

const sessions = bidsOf(timedRows('q11')).session({ id: 'sessions', gap: gapMs, by: ['bidder'], aggregate: { bids: count() } })

export const q11 = answer('q11', sessions, 'bids')
