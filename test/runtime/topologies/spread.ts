/** A topology of the tests whose keyed steps run in lanes: windows, a fold with a function of the user's, and a second key behind the first. */
import { count, sum, topology } from '../../../topology/pipeline.ts'

type Paid = {
  readonly customer: string
  readonly cents: number
  readonly at: number
}

interface Spent {
  readonly customer: string
  readonly times: number
  readonly most: number
}

/** Who owes is a dead letter; a payment of 13 cents ends the process, if it may. */
export const spend = (state: Spent | undefined, { customer, cents }: Paid): Spent => {
  if (cents < 0) throw new Error(`${customer} owes`)
  if (cents === 13 && process.env['SPREAD_TRAP'] === 'on') process.exit(7)
  return { customer, times: (state?.times ?? 0) + 1, most: Math.max(state?.most ?? 0, cents) }
}

const timed = topology('spread', { version: 1 })
  .follow<Paid>({ types: ['paid'] })
  .eventTime({ id: 'time', field: 'at', lag: '10m' })

timed
  .keyBy('customer')
  .fold({ id: 'spent', initial: {}, with: './spread.ts#spendAll' })
  .projection({ id: 'spent-rows', name: 'spent', key: ['customer'], value: ['times', 'most'] })

const hourly = timed.keyBy('customer').tumble({ id: 'hourly', size: '1h', aggregate: { payments: count(), cents: sum('cents') } })
hourly.append({ id: 'bills', stream: 'bills', type: 'billed', data: ['customer', 'windowStart', 'payments', 'cents'] })

export default hourly
  .keyBy('windowStart')
  .fold({ id: 'biggest', initial: { most: 0 }, with: './spread.ts#biggest' })
  .projection({ id: 'biggest-rows', name: 'biggest', key: ['windowStart'], value: ['customer', 'most', 'bills'] })

export const spendAll = (state: Spent | Record<string, never>, row: Paid): Spent =>
  spend('times' in state ? (state as Spent) : undefined, row)

/** Who paid most in an hour: of several the first to be billed. */
export const biggest = (
  { customer, most, bills = 0 }: { readonly customer?: string; readonly most: number; readonly bills?: number },
  bill: { readonly customer: string; readonly windowStart: number; readonly cents: number },
): object => {
  const { windowStart } = bill
  const isMore = customer === undefined || bill.cents > most
  return { windowStart, customer: isMore ? bill.customer : customer, most: Math.max(most, bill.cents), bills: bills + 1 }
}
