/** What each customer spent: a projection as a module exports it, and others that differ. */
import { projection } from '../../../runtime/index.ts'

type Paid = { readonly type: 'paid'; readonly data: { readonly customer: string; readonly cents: number } }

interface Spent {
  readonly payments: number
  readonly cents: number
}

export default projection<Paid, Spent>({
  name: 'spent',
  revision: 1,
  types: ['paid'],
  categories: ['customer'],
  initial: { payments: 0, cents: 0 },
  key: ({ data }) => data.customer,
  fold({ payments, cents }, { data }) {
    if (data.cents < 0) throw new RangeError('they owe')
    return { payments: payments + 1, cents: cents + data.cents }
  },
})

/** All that an event is, by its stream and version. */
export const seen = projection({
  name: 'seen',
  revision: 1,
  initial: null as unknown,
  key: ({ stream, version }) => [stream, version],
  fold: (_, event) => ({ ...event, data: event.encoding === 'bytes' ? 'bytes' : event.data }),
})
