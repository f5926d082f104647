/** `deadLetter`: gives up every row that comes, with a reason. */
import { EventStoreError } from '../event/error.ts'
import { onPage } from './lift.ts'
import { templateOf } from './names.ts'
import type { Operator } from './operator.ts'
import { aliveRows } from './page.ts'
import { reasonOf } from './rows/reason.ts'

export interface DeadLetterOptions {
  readonly reason?: string
}

export const deadLetter: Operator<DeadLetterOptions> = {
  spec: {
    name: 'deadLetter',
    kind: 'sink',
    summary: 'Gives up every row that comes, with a reason.',
    description:
      'Each row becomes a dead letter of this step, where it is listed, replayed or discarded as any other. Where a column of the reason ' +
      'is null or no plain value, the reason stands there as it was written, with a word on why.',
    shorthand: 'reason',
    options: { reason: { type: 'template', summary: 'Why, with columns in braces: `no airport {origin}`; `{{` stands for a brace.' } },
    ports: {},
  },
  example: {
    title: 'Nobody flies to the future',
    options: { reason: '{carrier} is early by {days} days' },
    input: [{ carrier: 'B6', days: 3 }, { carrier: null }],
    output: { dead: [0, 1] },
  },
  needs: ({ reason }) => new Set(['*', ...(reason === undefined ? [] : templateOf(reason).fields)]),
  create({ reason = '' }, context) {
    const reasons = reason === '' ? () => () => `given up by ${context.step}` : reasonOf(reason)
    return onPage(page => {
      const why = reasons(page)
      for (const row of aliveRows(page)) context.dead(page, row, new EventStoreError('INVALID', why(row), { step: context.step }))
    })
  },
}
