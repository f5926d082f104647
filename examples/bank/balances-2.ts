/** The second revision of the balances says who is overdrawn. That shows in the rows of the first one, so they are upgraded and no event is read again. */
import { projection } from '../../runtime/index.ts'
import type { AccountEvent } from './account.ts'
import balances, { type Balance } from './balances.ts'

export interface ShownBalance extends Balance {
  readonly isOverdrawn: boolean
}

const shown = (balance: Balance): ShownBalance => ({ ...balance, isOverdrawn: balance.cents < 0 })

export default projection<AccountEvent, ShownBalance>({
  name: 'balances',
  revision: 2,
  categories: ['account'],
  initial: { owner: '', cents: 0, isOverdrawn: false },
  key: balances.key,
  fold(before, event, key) {
    const balance = balances.fold(before, event, key)
    return balance && shown(balance)
  },
  upgrade: row => shown(row as Balance),
})
