/** Nexmark q8: persons who opened an auction in the window of 10 s in which they joined, once a window. */
import { answer, auctionsOf, personsOf, timedRows } from './bids.ts'
import { windowMs } from './loops.ts'

const rows = timedRows('q8')
const sellers = personsOf(rows).joinWindow(auctionsOf(rows), { id: 'sellers', size: windowMs, match: { person: 'seller' }, kind: 'semi' })

export const q8 = answer('q8', sellers, 'person')
