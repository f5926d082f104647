/** `merge`: brings several inputs together under one name. */
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'

export type MergeOptions = Readonly<Record<string, never>>

export const merge: Operator<MergeOptions> = {
  spec: {
    name: 'merge',
    kind: 'stateless',
    summary: 'Brings the rows of several steps together.',
    description:
      'Rows go on in the order of their causes, equal ones in the order of the inputs; a column that only some inputs have is null in the rows ' +
      'of the others. Any step may take from several steps; this one is for those who want to name the place where they meet.',
    options: {},
    ports: { main: 'The rows of all inputs.' },
  },
  example: {
    title: 'Whatever comes',
    options: {},
    input: [{ origin: 'JFK' }, { origin: 'BOS' }],
    output: { ports: { main: [{ origin: 'JFK' }, { origin: 'BOS' }] } },
  },
  needs: (_, wanted) => wanted('main'),
  create: () => onPage((page, emit) => emit(page)),
}
