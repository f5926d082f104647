/** Projections from templates: how much was deposited by account, and the last three things that happened to it. */
import { listBy, sumBy } from '../../runtime/index.ts'
import type { AccountEvent } from './account.ts'

export const deposits = sumBy<Extract<AccountEvent, { type: 'money.deposited' }>>({
  name: 'deposits',
  revision: 1,
  types: ['money.deposited'],
  key: ({ stream }) => stream,
  value: ({ data }) => data.cents,
})

export const recent = listBy<AccountEvent, string>({
  name: 'recent',
  revision: 1,
  categories: ['account'],
  key: ({ stream }) => stream,
  limit: 3,
  value: ({ type }) => type,
})
