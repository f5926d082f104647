/** Nexmark q0: every bid unchanged. */
import { answer, nexmarkRows } from './bids.ts'

export const q0 = answer('q0', nexmarkRows('q0').filter('./bids.ts#isBid'), 'price')
