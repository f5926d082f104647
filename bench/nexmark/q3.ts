/** Nexmark q3: auctions of one category with their seller, a person of one of three states; he may come after his auction, so both sides are kept. */
import { answer, auctionsOf, nexmarkRows, personsOf } from './bids.ts'
import { categoryWanted, statesWanted } from './loops-joins.ts'

const rows = nexmarkRows('q3')
const sellers = personsOf(rows).filter(`state in (${statesWanted.map(state => `'${state}'`).join(', ')})`, { id: 'sellers' })

const local = auctionsOf(rows)
  .filter(`category = ${categoryWanted}`, { id: 'wanted' })
  .joinTable(sellers, {
    id: 'local',
    match: { seller: 'person' },
    keep: 'both',
    state: 'unbounded',
    take: { sellerName: 'name', sellerCity: 'city', sellerState: 'state' },
  })

export const q3 = answer('q3', local, 'auction')
