/** What the account decides and what the balances become, by given, when and then. Any test framework will do, here it is Node's own. */
import { test } from 'node:test'
import { decider, projectionSpec } from '../../test/contract/index.ts'
import { account, type AccountCommand, type Account, type AccountEvent, Refused } from './account.ts'
import balances from './balances.ts'
import shown from './balances-2.ts'
import withFees from './balances-3.ts'

const spec = decider<Account, AccountEvent, AccountCommand>(account)
const opened: AccountEvent = { type: 'account.opened', data: { owner: 'Ada', limit: 1000 } }
const deposited = (cents: number): AccountEvent => ({ type: 'money.deposited', data: { cents } })
const withdrawn = (cents: number, fee = 0): AccountEvent => ({ type: 'money.withdrawn', data: { cents, fee } })
const closed: AccountEvent = { type: 'account.closed', data: {} }

void test('an account is opened once', () => {
  spec.given().when({ kind: 'open', owner: 'Ada', limit: 1000 }).then(opened)
  spec.given(opened).when({ kind: 'open', owner: 'Ada' }).thenNothing()
  spec.given([opened, closed]).when({ kind: 'open', owner: 'Ada' }).thenThrows(Refused)
})

void test('what is there can be withdrawn, and what is not costs a fee, up to the limit', () => {
  spec
    .given([opened, deposited(500)])
    .when({ kind: 'withdraw', cents: 500 })
    .then(withdrawn(500))
  spec
    .given([opened, deposited(500)])
    .when({ kind: 'withdraw', cents: 600 })
    .then(withdrawn(600, 500))
  spec
    .given([opened, deposited(500)])
    .when({ kind: 'withdraw', cents: 1001 })
    .thenThrows('more than there is')
})

void test('an account is closed when it is empty', () => {
  spec
    .given([opened, deposited(500), withdrawn(500)])
    .when({ kind: 'close' })
    .then(closed)
  spec
    .given([opened, deposited(500)])
    .when({ kind: 'close' })
    .thenThrows(/500 cents/)
  spec.given().when({ kind: 'deposit', cents: 1 }).thenThrows('no open account')
})

/** The events, in the stream of account 1. */
const inAccount = (...events: AccountEvent[]): (AccountEvent & { stream: string })[] =>
  events.map(event => ({ ...event, stream: 'account-1' }))

void test('a balance follows its account', () => {
  const rows = projectionSpec(balances)
  rows.given(inAccount(opened, deposited(500), withdrawn(200))).then([['account-1', { owner: 'Ada', cents: 300 }]])
  rows.given(inAccount(opened, closed)).then([])
})

void test('the second revision makes the rows of the first one new, and goes on', () => {
  const rows = projectionSpec(shown).givenRows(1, [['account-1', { owner: 'Ada', cents: -10 }]])
  rows.then([['account-1', { owner: 'Ada', cents: -10, isOverdrawn: true }]])
  rows.given(inAccount(deposited(50), withdrawn(10, 5))).then([['account-1', { owner: 'Ada', cents: 25, isOverdrawn: false }]])
})

void test('the third revision counts fees', () => {
  const rows = projectionSpec(withFees).given(inAccount(opened, withdrawn(10, 500), deposited(20)))
  rows.then([['account-1', { owner: 'Ada', cents: -490, isOverdrawn: true, fees: 500 }]])
})
