/** `foldInto`: folds events into the rows of a projection, by what a module says of them. */
import { EventStoreError } from '../event/error.ts'
import type { Event } from '../event/event.ts'
import { columnNamed, aliveRows } from './page.ts'
import { valueAt } from './columns.ts'
import { type AnyProjection, foldEvent, isProjection, type KeyPart, upgradeRow } from './keyed/projection-spec.ts'
import type { Json } from './keyed/json-state.ts'
import { onPage } from './lift.ts'
import type { Operator, ProjectionWriter, StepContext, StepState } from './operator.ts'

export interface FoldIntoOptions {
  readonly name: string
  /** `module#export` */
  readonly with: string
  readonly revision?: number
}

const exampleEvent = (stream: string, amount: number): { readonly $event: unknown } => ({
  $event: { type: 'booked', stream, data: { amount } },
})

export const foldInto: Operator<FoldIntoOptions> = {
  spec: {
    name: 'foldInto',
    kind: 'sink',
    summary: 'Folds events into the rows of a projection, by what a module says of them.',
    description:
      'The module exports what `projection({ name, revision, initial, key, fold })` gave it. `key(event)` says which row an event changes, ' +
      '`fold(state, event)` what becomes of it; null removes the row, and an event without a key changes none. The step takes whole events ' +
      'as they are in the log (`$event`), whatever their columns have become before it. The rows are the state: they are read back when ' +
      'they are needed, so there may be more of them than memory holds. An event whose call throws, or returns a promise, nothing, or ' +
      'something that JSON does not hold, is a dead letter, and the row stays as it was. `deploy` and `allsource deploy` take a module ' +
      'with a projection as it is; this step is for those that want more of a topology.',
    options: {
      name: { type: 'text', required: true, summary: 'Name under which readers find the rows.' },
      with: { type: 'function', required: true, summary: 'The projection, as `module#export`.' },
      revision: { type: 'number', least: 1, isWhole: true, summary: 'The revision it must be of; any when left out.' },
    },
    ports: {},
    stateVersion: 1,
    keeps: 'the revision of the rows',
  },
  example: {
    title: 'The balance of each account',
    options: { name: 'balances', with: './balances.ts#default' },
    functions: {
      './balances.ts#default': {
        kind: 'projection',
        name: 'balances',
        revision: 1,
        initial: { balance: 0 },
        key: (event: Event) => event.stream,
        fold: (state: { balance: number }, event: Event<string, { amount: number }>) => {
          if (typeof event.data.amount !== 'number') throw new TypeError('no amount')
          return { balance: state.balance + event.data.amount }
        },
      },
    },
    input: [exampleEvent('account-a', 5), exampleEvent('account-b', 1), 'barrier', exampleEvent('account-a', -2), 'barrier'],
    output: {
      projection: [
        [['account-a'], { balance: 5 }],
        [['account-b'], { balance: 1 }],
        [['account-a'], { balance: 3 }],
      ],
    },
  },
  needs: () => new Set(['$event']),
  async create(options, context) {
    const projection = projectionOf(await context.resolve(options.with), options)
    const rows = new RowsByKey(context.projection(options.name))
    const revision = new SavedRevision(context.state)
    await takeOver(projection, { revision, rows, context })
    return onPage({
      page(page) {
        const events = columnNamed(page, '$event')
        for (const row of aliveRows(page)) {
          const order = page.order[row] as number
          context.beforeCall(order)
          try {
            const folded = foldEvent(projection, eventAt(valueAt(events, row)), key => rows.get(key))
            if (folded !== undefined) rows.put(folded.key, folded.state, order)
          } catch (error) {
            context.dead(page, row, error)
          }
        }
      },
      barrier() {
        rows.forget()
        revision.save(projection.revision)
      },
    })
  },
}

function projectionOf(value: unknown, { name, with: reference, revision }: FoldIntoOptions): AnyProjection {
  if (isProjection(value)) {
    if (revision === undefined || value.revision === revision) return value
    const message = `projection ${name}: ${reference} is of revision ${value.revision} now, and not ${revision}; deploy it again`
    throw new EventStoreError('INCOMPATIBLE', message, { projection: name, revision: value.revision })
  }
  throw new EventStoreError('INVALID', `${reference} is no projection; export what projection({ … }) made`, { reference })
}

/** Null where the data can not be read, or where no event came. */
function eventAt(value: unknown): Event {
  if (value !== null) return value as Event
  throw new EventStoreError('INVALID', 'there is no event whose data can be read', { field: '$event' })
}

interface TakeOver {
  readonly revision: SavedRevision
  readonly rows: RowsByKey
  readonly context: StepContext
}

/** Rows of an earlier revision are made new before the first event; all of them are in the next epoch, with the new revision. */
async function takeOver(projection: AnyProjection, { revision, rows, context }: TakeOver): Promise<void> {
  const { saved } = revision
  if (saved === undefined || saved === projection.revision) return
  const details = { step: context.step, projection: projection.name, revision: saved }
  if (saved > projection.revision || projection.upgrade === undefined) {
    const why = saved > projection.revision ? 'which is newer' : 'and it has no upgrade'
    throw new EventStoreError('INCOMPATIBLE', `projection ${projection.name}: its rows are of revision ${saved}, ${why}`, details)
  }
  for (const [key, state] of rows.all()) {
    try {
      rows.put(key, upgradeRow(projection, state, saved, key), 0)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const message = `projection ${projection.name}: the row ${JSON.stringify(key)} of revision ${saved} can not be upgraded: ${why}`
      throw new EventStoreError('INVALID', message, { ...details, key }, { cause: error })
    }
  }
  revision.save(projection.revision)
}

/** The rows as they stand. Those looked at are at hand until the next barrier, so that what is kept is never more than an epoch's. */
class RowsByKey {
  readonly #writer: ProjectionWriter
  readonly #near = new Map<string, Json | undefined>()

  constructor(writer: ProjectionWriter) {
    this.#writer = writer
  }

  get(key: readonly KeyPart[]): Json | undefined {
    const text = JSON.stringify(key)
    if (this.#near.has(text)) return this.#near.get(text)
    const row = this.#writer.get(key) as Json | undefined
    this.#near.set(text, row)
    return row
  }

  put(key: readonly KeyPart[], state: Json, order: number): void {
    const text = JSON.stringify(key)
    if (state !== null) this.#writer.put(key, state, order)
    else if (this.get(key) !== undefined) this.#writer.delete(key, order)
    this.#near.set(text, state ?? undefined)
  }

  all(): Iterable<readonly [key: readonly KeyPart[], state: Json]> {
    return this.#writer.rows() as Iterable<readonly [key: readonly KeyPart[], state: Json]>
  }

  forget(): void {
    this.#near.clear()
  }
}

const revisionRow = Uint8Array.of(0)

/** The revision that the rows are of, written in the same epoch as they. */
class SavedRevision {
  saved: number | undefined
  readonly #state: StepState

  constructor(state: StepState) {
    this.#state = state
    for (const [, value] of state.rows()) this.saved = Number(new TextDecoder().decode(value))
  }

  save(revision: number): void {
    if (this.saved === revision) return
    this.saved = revision
    this.#state.put(revisionRow, new TextEncoder().encode(String(revision)))
  }
}
