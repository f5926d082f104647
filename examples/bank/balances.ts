/** What is on each account: a projection as code, deployed as it is. */
import { projection } from '../../runtime/index.ts'
import type { AccountEvent } from './account.ts'

export interface Balance {
  readonly owner: string
  readonly cents: number
}

export default projection<AccountEvent, Balance>({
  name: 'balances',
  revision: 1,
  categories: ['account'],
  initial: { owner: '', cents: 0 },
  key: ({ stream }) => stream,
  fold(balance, event) {
    switch (event.type) {
      case 'account.opened':
        return { ...balance, owner: event.data.owner }
      case 'money.deposited':
        return { ...balance, cents: balance.cents + event.data.cents }
      case 'money.withdrawn':
        return { ...balance, cents: balance.cents - event.data.cents - event.data.fee }
      case 'account.closed':
        return null
    }
  },
})
