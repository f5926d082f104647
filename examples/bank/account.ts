/** An account: what happened to it, what may be asked of it, and what it decides. Pure, so that its tests need no store. */
import { commandHandler, type EventOf } from '../../runtime/index.ts'

export type AccountEvent =
  | { readonly type: 'account.opened'; readonly data: { readonly owner: string; readonly limit: number } }
  | { readonly type: 'money.deposited'; readonly data: { readonly cents: number } }
  | { readonly type: 'money.withdrawn'; readonly data: { readonly cents: number; readonly fee: number } }
  | { readonly type: 'account.closed'; readonly data: Record<string, never> }

export type AccountCommand =
  | { readonly kind: 'open'; readonly owner: string; readonly limit?: number }
  | { readonly kind: 'deposit'; readonly cents: number }
  | { readonly kind: 'withdraw'; readonly cents: number }
  | { readonly kind: 'close' }

export interface Account {
  readonly status: 'none' | 'open' | 'closed'
  readonly cents: number
  /** How far it may be overdrawn. */
  readonly limit: number
}

/** What the bank refuses; the message is for the customer. */
export class Refused extends Error {}

const feeOfOverdraft = 500

export const account = {
  initialState: (): Account => ({ status: 'none', cents: 0, limit: 0 }),
  evolve(state: Account, event: EventOf<AccountEvent>): Account {
    switch (event.type) {
      case 'account.opened':
        return { ...state, status: 'open', limit: event.data.limit }
      case 'money.deposited':
        return { ...state, cents: state.cents + event.data.cents }
      case 'money.withdrawn':
        return { ...state, cents: state.cents - event.data.cents - event.data.fee }
      case 'account.closed':
        return { ...state, status: 'closed' }
    }
  },
  decide(command: AccountCommand, state: Account): AccountEvent | undefined {
    if (command.kind === 'open') {
      // Asked twice, it is open all the same.
      if (state.status === 'open') return undefined
      if (state.status === 'closed') throw new Refused('the account was closed')
      return { type: 'account.opened', data: { owner: command.owner, limit: command.limit ?? 0 } }
    }
    if (state.status !== 'open') throw new Refused('there is no open account')
    if (command.kind === 'close') {
      if (state.cents !== 0) throw new Refused(`there are ${state.cents} cents on the account`)
      return { type: 'account.closed', data: {} }
    }
    if (!Number.isSafeInteger(command.cents) || command.cents <= 0) throw new Refused('an amount is a whole number of cents above 0')
    if (command.kind === 'deposit') return { type: 'money.deposited', data: { cents: command.cents } }
    const fee = command.cents > state.cents ? feeOfOverdraft : 0
    if (state.cents - command.cents - fee < -state.limit) throw new Refused('that is more than there is')
    return { type: 'money.withdrawn', data: { cents: command.cents, fee } }
  },
}

/** Loads the account from its last snapshot on, decides, and appends where the fold stood. */
export const handle = commandHandler<Account, AccountEvent, AccountCommand>({
  ...account,
  stream: id => `account-${id}`,
  snapshot: { revision: 1, every: 100 },
})
