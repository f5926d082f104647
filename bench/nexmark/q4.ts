/** Nexmark q4: the average of the winning prices of each category, as a table at the end. */
import { avg, first, max } from '../../topology/pipeline.ts'
import { answer } from './bids.ts'
import { validBids } from './winning-bids.ts'

const averages = validBids('q4')
  .total({ id: 'won', by: ['auction'], aggregate: { price: max('bidPrice'), category: first('category') } })
  .total({ id: 'averages', by: ['category'], aggregate: { average: avg('price') } })
  .map({ average: 'floor(average)' })

export const q4 = answer('q4', averages, 'average')
