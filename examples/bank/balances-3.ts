/** The third revision counts fees. No row of before knows them, so there is no upgrade: it is folded from the first event on. */
import { projection } from '../../runtime/index.ts'
import type { AccountEvent } from './account.ts'
import shown, { type ShownBalance } from './balances-2.ts'

export interface BalanceWithFees extends ShownBalance {
  readonly fees: number
}

export default projection<AccountEvent, BalanceWithFees>({
  name: 'balances',
  revision: 3,
  categories: ['account'],
  initial: { owner: '', cents: 0, isOverdrawn: false, fees: 0 },
  key: shown.key,
  fold(before, event, key) {
    const balance = shown.fold(before, event, key)
    const fee = event.type === 'money.withdrawn' ? event.data.fee : 0
    return balance && { ...balance, fees: before.fees + fee }
  },
})
