/** `route`: sends each row out by the port whose condition is true. */
import { EventStoreError } from '../event/error.ts'
import type { Page } from './flow.ts'
import { onPage, type Steps } from './lift.ts'
import type { Operator } from './operator.ts'
import { aliveCount, aliveRows, selectRows } from './page.ts'
import { conditionOf, conditionReads, split, type Condition } from './rows/condition.ts'

export interface RouteOptions {
  /** Conditions by port: an expression, or `module#export`. */
  readonly routes: Readonly<Record<string, string>>
  readonly match?: 'first' | 'all'
}

export const route: Operator<RouteOptions> = {
  spec: {
    name: 'route',
    kind: 'stateless',
    summary: 'Sends each row out by the port whose condition is true.',
    description:
      'Each route is a port, with an expression or a function as `module#export`. A row leaves by the first route whose condition is true (null ' +
      'is not), and with `match: all` by every one of them; by `else` when there is none. A row for which a condition fails is a dead ' +
      'letter and leaves by no port. No column is copied: each port has the page with the rows that are its own.',
    shorthand: 'routes',
    options: {
      routes: { type: 'routes', required: true, summary: '`{ port: condition }`, in the order in which they are tried.' },
      match: {
        type: 'choice',
        choices: ['first', 'all'],
        default: 'first',
        summary: 'Which routes a row takes when several conditions are true.',
        sample: 'all',
      },
    },
    ports: { else: 'Rows for which no condition is true.' },
  },
  example: {
    title: 'Late, early and the others',
    options: { routes: { late: 'delay > 15', early: 'delay < 0' } },
    input: [{ delay: 40 }, { delay: -3 }, { delay: 5 }, { delay: null }],
    output: { ports: { late: [{ delay: 40 }], early: [{ delay: -3 }], else: [{ delay: 5 }, { delay: null }] } },
  },
  portsOf: ({ routes }) => Object.fromEntries(Object.entries(routes).map(([name, condition]) => [name, `Rows for which ${condition}.`])),
  needs({ routes }, wanted, functionOf) {
    const reads = Object.values(routes).flatMap(condition => conditionReads(condition, functionOf))
    return new Set([...Object.keys(routes), 'else'].flatMap(port => [...wanted(port)]).concat(reads))
  },
  types({ routes }, input) {
    return Object.fromEntries([...Object.keys(checked(routes)), 'else'].map(port => [port, input]))
  },
  async create({ routes, match }, context) {
    const ways: Way[] = []
    for (const [port, text] of Object.entries(checked(routes))) ways.push({ port, condition: await conditionOf(text, context) })
    return onPage(match === 'all' ? byAll(ways) : byFirst(ways))
  },
}

interface Way {
  readonly port: string
  readonly condition: Condition
}

function checked(routes: RouteOptions['routes']): RouteOptions['routes'] {
  for (const name of Object.keys(routes)) {
    const say = (why: string): EventStoreError =>
      new EventStoreError('INVALID', `a route can not be named ${name}: ${why}`, { option: `routes.${name}` })
    if (name === 'else') throw say('rows that match no route leave by it')
    if (name === 'dead') throw say('rows that were given up leave by it')
    if (!/^\p{L}[\p{L}\p{N}_-]{0,99}$/u.test(name)) throw say('it must be a letter, and at most 99 letters, digits, - and _ behind it')
  }
  return routes
}

function byFirst(ways: readonly Way[]): Steps['page'] {
  return (page, emit) => {
    let left = page
    for (const { port, condition } of ways) {
      if (aliveCount(left) === 0) return
      const judged = condition.judge(left)
      const { yes, no } = split(judged)
      if (yes.length > 0) emit(selectRows(judged.page, yes, port))
      left = selectRows(judged.page, no)
    }
    if (aliveCount(left) > 0) emit({ ...left, port: 'else' })
  }
}

/** All conditions are asked before a row leaves, so that one for which the last fails leaves by none. */
function byAll(ways: readonly Way[]): Steps['page'] {
  return (page, emit) => {
    let left: Page = page
    const truths = ways.map(({ condition }) => {
      const judged = condition.judge(left)
      left = judged.page
      return judged.truth
    })
    const rows = aliveRows(left)
    for (const [index, { port }] of ways.entries()) {
      const own = rows.filter(row => truths[index]?.[row] === 1)
      if (own.length > 0) emit(selectRows(left, own, port))
    }
    const others = rows.filter(row => truths.every(truth => truth[row] !== 1))
    if (others.length > 0) emit(selectRows(left, others, 'else'))
  }
}
