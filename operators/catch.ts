/** `catch`: takes the rows that earlier steps gave up. */
import { withFields, type RowType } from './expressions/types.ts'
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'

export type CatchOptions = Readonly<Record<string, never>>

/** The columns in which the runtime says what went wrong. */
const faults = { error: 'text', errorCode: 'text', errorStep: 'text' } as const

/** `catch` is a word of the language and can not be the name of a constant. */
export const catchRows: Operator<CatchOptions> = {
  spec: {
    name: 'catch',
    kind: 'stateless',
    summary: 'Takes the rows that other steps gave up, and goes on with them.',
    description:
      'It takes from the port `dead` of steps, and from nothing else. Rows come as they went into the step that gave them up, with the columns ' +
      '`error` (what went wrong), `errorCode` (null where the failure has no code) and `errorStep` (the step). They are no dead letters then.',
    options: {},
    ports: { main: 'The rows that were given up.' },
    takesDead: true,
  },
  example: {
    title: 'What a step could not read',
    options: {},
    input: [{ message: '{', error: 'can not read message', errorCode: 'INVALID', errorStep: 'read' }],
    output: { ports: { main: [{ message: '{', error: 'can not read message', errorCode: 'INVALID', errorStep: 'read' }] } },
  },
  needs: (_, wanted) => new Set([...wanted('main')].filter(name => !Object.hasOwn(faults, name))),
  types: (_, input): { main: RowType } => ({ main: withFields(input, faults) }),
  create: () => onPage((page, emit) => emit(page)),
}
